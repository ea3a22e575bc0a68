/** The real OpenClaw gateway in a temporary directory, with the local model behind it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createModelServer, type ModelServer } from '../../../local/model/server.ts';
import { findOpenclaw } from '../../vm-bootstrap/support/openclaw.ts';

export const TOKEN = 'test-gateway-token';
const MODEL = 'claude-sonnet-4-6';
const READY_MS = 90_000;

export interface TestGateway {
  readonly url: string;
  readonly httpUrl: string;
  /** The agent's own folder. */
  readonly workspace: string;
  readonly model: ModelServer;
  /** While set, every call of the model waits for it: a run stays in flight. */
  hold(gate: Promise<void> | undefined): void;
  start(): Promise<void>;
  stop(signal?: NodeJS.Signals): Promise<void>;
  close(): Promise<void>;
}

/** FACTS.md, OpenClaw: a config that ran. */
const configOf = (port: number, modelUrl: string, workspace: string): object => ({
  gateway: {
    mode: 'local',
    port,
    bind: 'loopback',
    auth: { mode: 'token', token: TOKEN },
    http: { endpoints: { chatCompletions: { enabled: true } } },
  },
  models: {
    catalogRefresh: { enabled: false },
    providers: {
      anthropic: {
        baseUrl: modelUrl,
        api: 'anthropic-messages',
        apiKey: 'sk-ant-api03-local',
        models: [
          {
            id: MODEL,
            name: MODEL,
            reasoning: true,
            input: ['text', 'image'],
            cost: { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 },
            contextWindow: 200_000,
            maxTokens: 32_000,
          },
        ],
      },
    },
  },
  agents: {
    defaults: {
      model: { primary: `anthropic/${MODEL}` },
      utilityModel: '',
      workspace,
      heartbeat: { every: '0m' },
    },
  },
  plugins: {
    allow: ['anthropic', 'memory-core'],
    entries: { 'memory-core': { config: { dreaming: { enabled: false } } } },
  },
  memory: { search: { enabled: false } },
  skills: { workshop: { autonomous: { mode: 'off' } } },
  update: { checkOnStart: false, auto: { enabled: false } },
  telemetry: { enabled: false },
  discovery: { mdns: { mode: 'off' } },
});

async function untilReady(httpUrl: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + READY_MS;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the gateway ended with ${child.exitCode}`);
    const answer = await fetch(`${httpUrl}/readyz`).catch(() => undefined);
    if (answer?.status === 200) return;
    if (Date.now() > deadline) throw new Error('the gateway did not get ready');
    await sleep(100);
  }
}

/** @param port a fixed one, so that a restarted gateway is found again */
export async function createGateway(port: number): Promise<TestGateway> {
  const openclaw = await findOpenclaw();
  const root = mkdtempSync(join(tmpdir(), 'bridge-openclaw-'));
  const model = createModelServer({ accepts: () => true });
  let gate: Promise<void> | undefined;
  const provider = createServer((req, res) => {
    void (gate ?? Promise.resolve()).then(() => model.listener(req, res));
  });
  provider.listen(0, '127.0.0.1');
  await once(provider, 'listening');
  const modelUrl = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  mkdirSync(join(root, 'state'), { recursive: true });
  writeFileSync(
    join(root, 'openclaw.json'),
    JSON.stringify(configOf(port, modelUrl, join(root, 'workspace'))),
  );
  const httpUrl = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const log = createWriteStream(join(root, 'gateway.log'), { flags: 'a' });
    await once(log, 'open');
    child = spawn(openclaw.node, [openclaw.entry, 'gateway'], {
      cwd: root,
      stdio: ['ignore', log, log],
      // The launcher starts the gateway as a child: signals go to the group.
      detached: true,
      env: {
        PATH: process.env.PATH,
        HOME: root,
        OPENCLAW_STATE_DIR: join(root, 'state'),
        OPENCLAW_CONFIG_PATH: join(root, 'openclaw.json'),
        OPENCLAW_SERVICE_REPAIR_POLICY: 'external',
        NODE_COMPILE_CACHE: join(tmpdir(), 'agents-plane-test-compile-cache'),
      },
    });
    await untilReady(httpUrl, child);
  };
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    process.kill(-(child.pid as number), signal);
    await ended;
  };
  return {
    url: `ws://127.0.0.1:${port}`,
    httpUrl,
    workspace: join(root, 'workspace'),
    model,
    hold: (next) => {
      gate = next;
    },
    start,
    stop,
    async close() {
      gate = undefined;
      await stop('SIGKILL');
      provider.closeAllConnections();
      await new Promise((resolve) => provider.close(resolve));
      rmSync(root, { recursive: true, force: true });
    },
  };
}
