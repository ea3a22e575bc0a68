import { setTimeout as sleep } from 'node:timers/promises';
import { type Google, startGoogle } from '../../local/google/google.ts';
import type { Hypervisor, Machine, MachineSpec } from '../../local/machine.ts';

const PROJECT = 'nine30-local';
const INSTANCES = `/compute/v1/projects/${PROJECT}/zones/europe-west1-b/instances`;

/** Machines that do nothing but exist: what Compute asks of the port is what is tested. */
function idleMachines() {
  const running = new Map<string, { spec: MachineSpec; powerOff: () => void }>();
  const deleted: string[] = [];
  const state = { fails: false };
  const hypervisor: Hypervisor = {
    kind: 'process',
    onConnection: () => undefined,
    async boot(spec, onConsole): Promise<Machine> {
      if (state.fails) throw new Error('no room');
      const { promise, resolve } = Promise.withResolvers<void>();
      running.set(spec.name, { spec, powerOff: resolve });
      onConsole('booting\n');
      const exec = () => Promise.resolve({ code: 0, stdout: '', stderr: '' });
      return { name: spec.name, exited: promise, exec, stop: async () => resolve() };
    },
    deleteBootDisk: async (name) => void deleted.push(`boot ${name}`),
    deleteDataDisk: async (name) => void deleted.push(`data ${name}`),
    close: async () => undefined,
  };
  return { hypervisor, running, deleted, state };
}

let google: Google;
let machines: ReturnType<typeof idleMachines>;

beforeEach(async () => {
  machines = idleMachines();
  google = await startGoogle({
    projects: [{ id: PROJECT, number: '123456789012', name: 'Nine30' }],
    users: ['admin@nine30.com'],
    hypervisor: machines.hypervisor,
    stageMs: 1,
  });
  google.world.iam.grant(`projects/${PROJECT}`, 'roles/owner', ['user:admin@nine30.com']);
});

afterEach(() => google.close());

async function call(method: string, path: string, body?: object) {
  const { accessToken } = google.tokens.access('user:admin@nine30.com');
  const answer = await fetch(`${google.restUrl}${INSTANCES}${path}`, {
    method,
    headers: { authorization: `Bearer ${accessToken}` },
    ...(body && { body: JSON.stringify(body) }),
  });
  await google.compute.operations.idle();
  return JSON.parse(await answer.text());
}

const insert = () =>
  call('POST', '', {
    name: 'agent-x',
    machineType: 'zones/europe-west1-b/machineTypes/e2-medium',
    disks: [
      {
        boot: true,
        autoDelete: true,
        initializeParams: { sourceImage: 'projects/debian-cloud/global/images/family/debian-12' },
      },
      { deviceName: 'data', initializeParams: { diskName: 'agent-x-data', diskSizeGb: '10' } },
    ],
    networkInterfaces: [{}],
  });

const statusOf = async () => (await call('GET', '/agent-x')).status;

test('a machine is booted with its data disk, and its console is the serial port', async () => {
  await insert();
  expect(machines.running.get('agent-x')?.spec.dataDisks).toEqual([
    { name: 'agent-x-data', deviceName: 'data' },
  ]);
  expect(await call('GET', '/agent-x/serialPort')).toMatchObject({ contents: 'booting\n' });
});

test('a guest that powers itself off is TERMINATED, and can be started again', async () => {
  await insert();
  machines.running.get('agent-x')?.powerOff();
  await sleep(0);
  expect(await statusOf()).toBe('TERMINATED');
  await call('POST', '/agent-x/start');
  expect(await statusOf()).toBe('RUNNING');
  await call('POST', '/agent-x/reset');
  await sleep(0);
  expect(await statusOf()).toBe('RUNNING');
});

test('deleting keeps the data disk', async () => {
  await insert();
  await call('DELETE', '/agent-x');
  expect(machines.deleted).toEqual(['boot agent-x']);
  expect(google.compute.disks.list('europe-west1-b').map((disk) => disk.name)).toEqual([
    'agent-x-data',
  ]);
});

test('a boot that fails ends the operation with an error and leaves nothing', async () => {
  machines.state.fails = true;
  const { name } = await insert();
  const operation = google.compute.operations.find('europe-west1-b', name);
  expect(operation?.error?.errors[0]?.code).toBe('INTERNAL_ERROR');
  expect(google.compute.instances.list()).toEqual([]);
  expect(google.compute.disks.list('europe-west1-b')).toEqual([]);
});
