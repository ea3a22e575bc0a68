/**
 * Started inside a network namespace: opens the listening sockets named in its arguments
 * (`address:port`) and hands them to its parent, which stays in its own namespace. A socket
 * belongs for ever to the namespace it was made in.
 */

import { createServer } from 'node:net';

for (const argument of process.argv.slice(2)) {
  const [host, port] = argument.split(':');
  const server = createServer();
  server.listen(Number(port), host, () => {
    process.send?.({ port: Number(port) }, server);
  });
}
// The parent went away, or has what it wanted.
process.on('disconnect', () => process.exit(0));
