/**
 * The whole product on this machine, put together with plain assignments: Google, a model,
 * machines, and the two functions in processes of their own.
 */

import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Endpoints } from '../../contracts/instance-metadata.ts';
import type { Google } from '../google/google.ts';
import type { Hypervisor } from '../machine.ts';
import { createModelServer, type ModelServer } from '../model/server.ts';
import { createAuthority } from './authority.ts';
import type { Controllable } from './control.ts';
import { createFront, type Front, forwardTo } from './front.ts';
import { functionEnv } from './function-env.ts';
import { type FunctionProcess, freePort, startFunction } from './function-process.ts';
import { openHypervisor, type Prepared } from './hypervisor.ts';
import { type MetadataFront, startLocalGoogle } from './local-google.ts';
import { seedResources } from './seed.ts';
import { GOOGLE_HOSTS, LOCAL } from './settings.ts';

export interface PlaneOptions {
  /** The checkout: `dist/` (built) and `node_modules/`. */
  readonly root: string;
  readonly cacheDir: string;
  /** Function logs and mail go here. */
  readonly runDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What machines boot from; without it, instances are states and nothing runs. */
  readonly machines?: Prepared;
  /** The organisation's key, which the model accepts; undefined: agents start without one. */
  readonly sharedKey: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export interface Plane extends Controllable {
  readonly apiUrl: string;
  readonly vmUrl: string;
  readonly google: Google;
  readonly model: ModelServer;
  readonly hypervisor: Hypervisor | undefined;
  /** Keys that the model accepts, whoever the provider; add and remove at will. */
  readonly acceptedKeys: Set<string>;
  /** With which another function process joins this plane. */
  readonly functionsEnv: Readonly<Record<string, string>>;
  readonly mailDir: string;
  readonly logDir: string;
  close(): Promise<void>;
}

const listenOnLoopback = (server: Server): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () =>
      resolve(`127.0.0.1:${(server.address() as AddressInfo).port}`),
    );
  });

async function serve(
  listener: RequestListener,
): Promise<{ host: string; close: () => Promise<void> }> {
  const server = createServer(listener);
  const host = await listenOnLoopback(server);
  return {
    host,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** In a process tree nothing resolves the public names: machines are told other addresses. */
function vmEndpoints(hypervisor: Hypervisor | undefined, google: string, model: string): Endpoints {
  if (hypervisor?.kind !== 'process') return {};
  return { secretmanager: google, storage: google, anthropic: model, openai: model, google: model };
}

/** Who answers for which name on the machines' port 443. */
function hostTable(google: () => Google, model: ModelServer, vmOrigin: () => string) {
  const toGoogle: RequestListener = (request, response) =>
    void google().server.emit('request', request, response);
  return {
    ...Object.fromEntries(GOOGLE_HOSTS.map((host) => [host, toGoogle])),
    ...Object.fromEntries(model.hosts.map((host) => [host, model.listener])),
    [LOCAL.vmHost]: forwardTo(vmOrigin),
  };
}

/** Sends what machines open to whoever it is for: the metadata server, or the world behind TLS. */
function connect(hypervisor: Hypervisor, metadata: MetadataFront, front: Front): void {
  hypervisor.onConnection(({ socket, port, machine }) => {
    if (port === 80) metadata.accept(socket, machine);
    else front.accept(socket);
  });
}

/**
 * Starts everything and returns when the functions answer.
 * @throws PlaneError when a part does not start; what was started is stopped again
 */
export async function startPlane(options: PlaneOptions): Promise<Plane> {
  await using stack = new AsyncDisposableStack();
  const { root, cacheDir, runDir, env, now, machines, sharedKey } = options;
  const mailDir = join(runDir, 'mail');
  const logDir = join(runDir, 'log');
  await Promise.all([mkdir(mailDir, { recursive: true }), mkdir(logDir, { recursive: true })]);

  const acceptedKeys = new Set(sharedKey === undefined ? [] : [sharedKey]);
  const model = createModelServer({ accepts: (_provider, key) => acceptedKeys.has(key), now });
  const [apiPort, vmPort] = [await freePort(), await freePort()];
  const apiUrl = `http://127.0.0.1:${apiPort}`;
  const vmOrigin = `http://127.0.0.1:${vmPort}`;
  const hosts = hostTable(
    () => google,
    model,
    () => vmOrigin,
  );

  const authority = await createAuthority(now);
  const hypervisor =
    machines &&
    (await openHypervisor(machines, cacheDir, Object.keys(hosts), authority.certificate));
  if (hypervisor) stack.defer(() => hypervisor.close());
  const front = createFront(hosts, authority);
  stack.defer(() => front.close());

  const local = await startLocalGoogle({ hypervisor, mailDir });
  const { google } = local;
  stack.defer(() => local.close());
  if (hypervisor) connect(hypervisor, local.metadata, front);
  const modelPort = await serve(model.listener);
  stack.defer(modelPort.close);

  const bundle = await readFile(join(root, 'dist/vm/agent.mjs'));
  await seedResources({ world: google.world, restUrl: google.restUrl, bundle, sharedKey });

  const vmUrl = hypervisor?.kind === 'nspawn' ? `https://${LOCAL.vmHost}` : vmOrigin;
  const functionsEnv = functionEnv(
    {
      apiUrl,
      vmUrl,
      googleUrl: google.restUrl,
      metadataHost: local.planeMetadataHost,
      bundleSha256: createHash('sha256').update(bundle).digest('hex'),
      vmEndpoints: vmEndpoints(hypervisor, google.restUrl, `http://${modelPort.host}`),
    },
    env,
  );
  const start = async (target: string, port: number): Promise<FunctionProcess> => {
    const logFile = join(logDir, `function-${target}.log`);
    const source = join(root, 'dist/functions');
    const started = await startFunction({ target, source, root, env: functionsEnv, logFile, port });
    stack.defer(() => started.stop());
    return started;
  };
  await Promise.all([start('api', apiPort), start('vm', vmPort)]);

  const all = stack.move();
  return {
    info: { apiUrl, restUrl: google.restUrl, admin: LOCAL.admin },
    apiUrl,
    vmUrl,
    functionsEnv,
    google,
    model,
    hypervisor,
    acceptedKeys,
    mailDir,
    logDir,
    idToken: (email) => google.world.tokens.userIdToken(email, apiUrl),
    exec: (machine, argv) => local.machine(machine).exec(argv),
    close: () => all.disposeAsync(),
  };
}
