/**
 * kill -9 at random moments, hundreds of times (some while it starts), while people write by webhook and by poll:
 * nothing is lost, the agent is asked once for each message, and each sender's replies keep their
 * order. What may happen is a reply that comes twice in a row, when its send was cut off.
 *
 * `npm run kill:bridge` for thousands; `CRASH_KILLS` says how many.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { openStore } from '../../bridge/store/store.ts';
import { type KapsoServer, startKapso } from '../../local/kapso/server.ts';
import { bridgeBundle } from '../../scripts/build/bundles.ts';
import { until } from './support/bridge.ts';

const KILLS = Number(process.env.CRASH_KILLS ?? 300);
const SENDERS = ['15550000001', '15550000002', '15550000003', '15550000004', '15550000005'];
const SECRET = 'wh_sec';
const CHILD = join(import.meta.dirname, 'support/crash-child.ts');
/** So many of the kills come while the process starts and recovers. */
const EARLY = 0.3;

/** The agent of the test: remembers whom it answered, as OpenClaw does by idempotency key. */
function createAgent() {
  const asked = new Map<string, number>();
  const answered = new Map<string, string>();
  const server = createServer((req: IncomingMessage, res: ServerResponse) => {
    const { searchParams } = new URL(req.url ?? '/', 'http://agent');
    const key = searchParams.get('key') ?? '';
    if (req.method === 'POST') {
      asked.set(key, (asked.get(key) ?? 0) + 1);
      answered.set(key, searchParams.get('text') ?? '');
    }
    const reply = answered.get(key);
    // Takes a moment, so that a kill can fall between the question and the answer.
    setTimeout(() => res.writeHead(reply === undefined ? 404 : 200).end(reply), Math.random() * 8);
  });
  return { asked, server };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

let kapso: KapsoServer;
const agent = createAgent();
let dir: string;
let program: string;
let child: ChildProcess | undefined;

beforeAll(async () => {
  kapso = await startKapso();
  agent.server.listen(0, '127.0.0.1');
  await once(agent.server, 'listening');
  dir = mkdtempSync(join(tmpdir(), 'bridge-crash-'));
  program = join(dir, 'child.mjs');
  // In one file it starts in a quarter of the time: more kills to the minute.
  await build(bridgeBundle(CHILD, program));
});
afterAll(async () => {
  child?.kill('SIGKILL');
  agent.server.closeAllConnections();
  agent.server.close();
  await kapso.close();
  rmSync(dir, { recursive: true, force: true });
});

test(
  `${KILLS} kills`,
  async () => {
    const port = await freePort();
    const agentUrl = `http://127.0.0.1:${(agent.server.address() as AddressInfo).port}/`;
    const argv = [dir, kapso.baseUrl, kapso.apiKey, kapso.phoneNumberId, `127.0.0.1:${port}`];
    const target = { url: `http://127.0.0.1:${port}/webhook`, secret: SECRET };
    const begin = () =>
      spawn(process.execPath, [program, ...argv, agentUrl, SECRET], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, NODE_COMPILE_CACHE: join(dir, 'compiled') },
      });
    /** @returns milliseconds that it took */
    const start = async (): Promise<number> => {
      const bornAt = performance.now();
      const born = begin();
      child = born;
      const [said] = (await once(born.stdout, 'data')) as [Buffer];
      expect(String(said)).toBe('ready\n');
      return performance.now() - bornAt;
    };
    const end = async (): Promise<void> => {
      if (!child) return;
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    };

    const last = new Map<string, number>();
    let counted = 0;
    /** The number of the newest message of this sender that has an answer. */
    const answered = (from: string): number => {
      for (; counted < kapso.number.sent.length; counted++) {
        const { to = '', ...request } = kapso.number.sent[counted]?.request ?? {};
        if ('text' in request) last.set(to, Number.parseInt(request.text.body, 10));
      }
      return last.get(from) ?? -1;
    };
    const wrote = new Map<string, string[]>(SENDERS.map((from) => [from, []]));
    let writing = true;
    const write = async (from: string): Promise<void> => {
      for (let n = 0; writing; n++) {
        const text = `${n}`;
        wrote.get(from)?.push(text);
        const id = kapso.say(from, text);
        // Two of them come by webhook too, each until it was taken: then the next may follow.
        const hooked = SENDERS.indexOf(from) < 2;
        while (hooked && writing && !(await kapso.webhook(target, [id])));
        await sleep(Math.random() * 20);
        // No more than the bridge can answer between two kills: this is about order and loss, not load.
        while (writing && n - answered(from) > 5) await sleep(5);
      }
    };
    let startMs = await start();
    const writers = SENDERS.map(write);
    const began = performance.now();
    let kills = 0;
    while (kills < KILLS) {
      await sleep(Math.random() ** 2 * 100);
      await end();
      kills += 1;
      if (Math.random() < EARLY) {
        child = begin();
        await sleep(Math.random() * startMs);
        await end();
        kills += 1;
      }
      startMs = await start();
    }
    const seconds = (performance.now() - began) / 1_000;
    writing = false;
    await Promise.all(writers);

    const total = [...wrote.values()].reduce((sum, texts) => sum + texts.length, 0);
    const keysSent = (): number =>
      new Set(kapso.number.sent.map(({ request }) => request.biz_opaque_callback_data)).size;
    try {
      await until('everything is answered', () => keysSent() >= 2 * total, 120_000);
    } catch (error) {
      const { inbox, outbox, close } = openStore({ dir, exclusive: false });
      const left = { inbox: inbox.depth(), outbox: outbox.depth(), asked: agent.asked.size };
      const notes = [...inbox.dead(5), ...outbox.dead(5)].map(({ key, note }) => `${key}: ${note}`);
      close();
      const found = JSON.stringify({ total, sent: keysSent(), ...left, notes });
      throw new Error(found, { cause: error });
    }
    const ended = once(child as ChildProcess, 'exit');
    child?.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);

    expect([...agent.asked.values()].filter((times) => times !== 1)).toEqual([]);
    expect(agent.asked.size).toBe(total);
    let repeats = 0;
    for (const [from, texts] of wrote) {
      const got = kapso.number.sent
        .filter(({ request }) => request.to === from)
        .map(({ request }) => (request.type === 'text' ? request.text.body : ''));
      const once = got.filter((text, at) => text !== got[at - 1]);
      repeats += got.length - once.length;
      expect(once).toEqual(texts.flatMap((text) => [`${text} a`, `${text} b`]));
    }
    expect(repeats).toBeLessThanOrEqual(kills * SENDERS.length);
    process.stdout.write(
      `${total} messages, ${kills} kills in ${seconds.toFixed(0)} s, ${repeats} replies came twice\n`,
    );
  },
  // A start of the process takes 0.1 s on a quiet machine, and a second on a busy one.
  180_000 + KILLS * 1_500,
);
