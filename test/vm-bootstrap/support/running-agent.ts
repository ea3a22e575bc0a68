/** A machine with everything that runs on it: the real gateway, the broker, the key service. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ModelRequest } from '../../../local/model/conversation.ts';
import { reloadKeyCommand } from '../../../vm-bootstrap/commands/reload-key.ts';
import { gatewayAddress, withGateway } from '../../../vm-bootstrap/gateway.ts';
import { type Cloud, OWN, SHARED, startConfiguredCloud } from './cloud.ts';
import {
  bootGateway,
  bootstrapMachine,
  killGateway,
  stopGateway,
  type TestMachine,
} from './machine.ts';

export interface RunningAgent {
  readonly cloud: Cloud;
  readonly machine: TestMachine;
  readonly gateway: ChildProcess;
  /** Kills the gateway as a crash does; `start` has systemd's part. */
  readonly crash: { kill(): void; start(): Promise<void> };
  /** What the model was asked, oldest first. */
  readonly asked: readonly ModelRequest[];
  call(method: string, params: object): Promise<unknown>;
  /** Waits until `probe` gives something. */
  until<T>(probe: () => Promise<T | undefined> | T | undefined, withinMs?: number): Promise<T>;
  /** Waits until the gateway has resolved that key: `own 1`. */
  keyInUse(name: string): Promise<unknown>;
  /** The key of the last turn, as the model's server remembers it. */
  lastKey(): string | undefined;
  close(): Promise<void>;
}

export interface AgentOptions {
  readonly port: number;
  /** Keys that the providers accept; the first is the organisation's. */
  readonly keys: readonly string[];
  /** Fields of the config document besides the usual ones. */
  readonly document?: object;
  /** Variables of the gateway. */
  readonly env?: Readonly<Record<string, string>>;
}

/** agents-plane-key.path and its service, where there is no systemd. */
async function keyService({ host, layout }: TestMachine, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (existsSync(layout.keyRequest)) {
      host.remove(layout.keyRequest);
      await reloadKeyCommand(host, layout);
    }
    await host.sleep(20);
  }
}

const startBroker = (cloud: Cloud, machine: TestMachine): ChildProcess =>
  spawn(process.execPath, ['vm-bootstrap/main.ts', 'broker', '--listen'], {
    cwd: join(import.meta.dirname, '../../..'),
    env: {
      PATH: process.env.PATH,
      AGENTS_PLANE_ROOT: machine.root,
      GCE_METADATA_HOST: cloud.metadataHost,
    },
    stdio: 'ignore',
  });

async function until<T>(
  probe: () => Promise<T | undefined> | T | undefined,
  withinMs = 60_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error('timed out');
    await sleep(50);
  }
}

export async function startAgent(options: AgentOptions): Promise<RunningAgent> {
  const [shared = ''] = options.keys;
  const cloud = await startConfiguredCloud(options.keys, options.document);
  await cloud.createSecret(OWN, 'secretAccessor', 'secretVersionManager');
  await cloud.createSecret(SHARED, 'secretAccessor');
  await cloud.addVersion(SHARED, shared);
  const asked: ModelRequest[] = [];
  cloud.model.script((one) => {
    asked.push(one);
    return undefined;
  });
  const machine = await bootstrapMachine(cloud, options.port);
  const broker = startBroker(cloud, machine);
  const stop = new AbortController();
  const serving = keyService(machine, stop.signal);
  let gateway = await bootGateway(machine, options.env);
  return {
    ...{ cloud, machine, asked },
    get gateway() {
      return gateway;
    },
    crash: {
      kill: () => killGateway(gateway),
      async start() {
        gateway = await bootGateway(machine, options.env);
      },
    },
    call: (method, params) =>
      withGateway(gatewayAddress(machine.host, machine.layout), (rpc) => rpc.call(method, params)),
    until,
    async keyInUse(name) {
      const { host, layout } = machine;
      return until(() => host.read(layout.keyInUse) === name || undefined);
    },
    lastKey: () =>
      cloud.model.requests.filter(({ messages }) => messages > 0).at(-1)?.keyFingerprint,
    async close() {
      stop.abort();
      await serving;
      await stopGateway(gateway);
      broker.kill('SIGTERM');
      await once(broker, 'exit');
      machine.remove();
      await cloud.close();
    },
  };
}
