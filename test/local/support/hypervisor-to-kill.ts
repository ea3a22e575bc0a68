/** Boots a machine and waits to be killed: `hypervisor-to-kill.ts IMAGE RUN_DIR`. */

import { createNspawnHypervisor } from '../../../local/machines/nspawn.ts';

const [image = '', runDir = ''] = process.argv.slice(2);
const hypervisor = await createNspawnHypervisor({ image, runDir, hosts: [], caCertificate: '' });
hypervisor.onConnection(({ socket }) => socket.destroy());
const machine = await hypervisor.boot({ name: 'agent-a', dataDisks: [] }, () => {});
process.stdout.write(`booted ${machine.name}\n`);
