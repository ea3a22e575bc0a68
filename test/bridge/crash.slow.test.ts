/**
 * kill -9 at random moments, hundreds of times (some while it starts), while people write by webhook and by poll:
 * nothing is lost, the agent is asked once for each message, and each sender's replies keep their
 * order. What may happen is a reply that comes twice in a row, when its send was cut off.
 *
 * A process starts many bridges, each with people, a number and a folder of its own, so that one kill
 * ends many of them, each wherever it happens to be. `npm run kill:bridge` for thousands;
 * `CRASH_KILLS` says of how many bridges.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
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
import type { CrashBridge } from './support/crash-child.ts';

const KILLS = Number(process.env.CRASH_KILLS ?? 320);
const BRIDGES = 16;
/** Of the process; each is a kill of all its bridges. */
const ROUNDS = Math.ceil(KILLS / BRIDGES);
/** The first of them comes by webhook too, the others by poll alone. */
const SENDERS = ['15550000001', '15550000002', '15550000003'];
const SECRET = 'wh_sec';
const CHILD = join(import.meta.dirname, 'support/crash-child.ts');
/** So many of the kills come while the process starts and recovers. */
const EARLY = 0.3;

/** The agent of the test: remembers whom it answered, as OpenClaw does by idempotency key. */
function createAgent() {
  const asked = new Map<string, number>();
  const answered = new Map<string, string>();
  const server = createServer((req: IncomingMessage, res: ServerResponse) => {
    const { pathname, searchParams } = new URL(req.url ?? '/', 'http://agent');
    const key = `${pathname} ${searchParams.get('key') ?? ''}`;
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

async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** One bridge as the world around it sees it. */
interface Story {
  readonly settings: CrashBridge;
  readonly kapso: KapsoServer;
  readonly wrote: ReadonlyMap<string, readonly string[]>;
  /** People write until `isOver`, never far ahead of the answers. */
  write(isOver: () => boolean): Promise<unknown>;
}

async function createStory(root: string, index: number, agentUrl: string): Promise<Story> {
  const kapso = await startKapso(`6470159551537${index + 10}`);
  const dir = join(root, String(index));
  mkdirSync(dir);
  // Between two lives of the process nobody's outgoing connection from 127.0.0.1 takes its port.
  const host = `127.0.9.${index + 1}`;
  const addr = `${host}:${await freePort(host)}`;
  const target = { url: `http://${addr}/webhook`, secret: SECRET };
  const wrote = new Map<string, string[]>(SENDERS.map((from) => [from, []]));
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
  const writer = async (from: string, isOver: () => boolean): Promise<void> => {
    for (let n = 0; !isOver(); n++) {
      const text = `${n}`;
      wrote.get(from)?.push(text);
      const id = kapso.say(from, text);
      // By webhook too, until it was taken: then the next may follow.
      const hooked = from === SENDERS[0];
      while (hooked && !isOver() && !(await kapso.webhook(target, [id])));
      await sleep(Math.random() * 20);
      // No more than the bridge can answer between two kills: this is about order and loss, not load.
      while (!isOver() && n - answered(from) > 3) await sleep(10);
    }
  };
  const { baseUrl, apiKey, phoneNumberId } = kapso;
  return {
    settings: {
      ...{ dir, baseUrl, apiKey, phoneNumberId, addr, secret: SECRET },
      agentUrl: `${agentUrl}${index}`,
    },
    kapso,
    wrote,
    write: (isOver) => Promise.all(SENDERS.map((from) => writer(from, isOver))),
  };
}

const totalOf = ({ wrote }: Story): number =>
  [...wrote.values()].reduce((sum, texts) => sum + texts.length, 0);

const keysSent = ({ kapso }: Story): number =>
  new Set(kapso.number.sent.map(({ request }) => request.biz_opaque_callback_data)).size;

/** @returns what is left undone, for whoever reads of a failure */
function leftIn({ settings: { dir } }: Story): object {
  const { inbox, outbox, close } = openStore({ dir, exclusive: false });
  const notes = [...inbox.dead(5), ...outbox.dead(5)].map(({ key, note }) => `${key}: ${note}`);
  const left = { dir, inbox: inbox.depth(), outbox: outbox.depth(), notes };
  close();
  return left;
}

/** Everybody's answers, in order. @returns how many came twice */
function repeatsIn({ kapso, wrote }: Story): number {
  let repeats = 0;
  for (const [from, texts] of wrote) {
    const got = kapso.number.sent
      .filter(({ request }) => request.to === from)
      .map(({ request }) => (request.type === 'text' ? request.text.body : ''));
    const once = got.filter((text, at) => text !== got[at - 1]);
    repeats += got.length - once.length;
    expect(once).toEqual(texts.flatMap((text) => [`${text} a`, `${text} b`]));
  }
  return repeats;
}

const agent = createAgent();
let root: string;
let program: string;
let stories: readonly Story[] = [];
let child: ChildProcess | undefined;

beforeAll(async () => {
  agent.server.listen(0, '127.0.0.1');
  await once(agent.server, 'listening');
  root = mkdtempSync(join(tmpdir(), 'bridge-crash-'));
  program = join(root, 'child.mjs');
  // In one file it starts in a quarter of the time: more kills to the minute.
  await build(bridgeBundle(CHILD, program));
  const agentUrl = `http://127.0.0.1:${(agent.server.address() as AddressInfo).port}/`;
  stories = await Promise.all(
    Array.from({ length: BRIDGES }, (_, index) => createStory(root, index, agentUrl)),
  );
});
afterAll(async () => {
  child?.kill('SIGKILL');
  agent.server.closeAllConnections();
  agent.server.close();
  await Promise.all(stories.map(({ kapso }) => kapso.close()));
  rmSync(root, { recursive: true, force: true });
});

const begin = (): ChildProcess & { readonly stdout: NonNullable<ChildProcess['stdout']> } =>
  spawn(process.execPath, [program, JSON.stringify(stories.map(({ settings }) => settings))], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_COMPILE_CACHE: join(root, 'compiled') },
  });

/** @returns milliseconds that it took */
async function start(): Promise<number> {
  const bornAt = performance.now();
  const born = begin();
  child = born;
  const [said] = (await once(born.stdout, 'data')) as [Buffer];
  expect(String(said)).toBe('ready\n');
  return performance.now() - bornAt;
}

async function kill(): Promise<void> {
  if (!child) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

test(
  `${ROUNDS} kills of ${BRIDGES} bridges`,
  async () => {
    let writing = true;
    let startMs = await start();
    const writers = stories.map((story) => story.write(() => !writing));
    const began = performance.now();
    let rounds = 0;
    while (rounds < ROUNDS) {
      // As slow as the machine is, so is whatever the kill is to fall into.
      await sleep(Math.random() ** 2 * Math.max(200, startMs / 2));
      await kill();
      rounds += 1;
      if (Math.random() < EARLY) {
        child = begin();
        await sleep(Math.random() * startMs);
        await kill();
        rounds += 1;
      }
      startMs = await start();
    }
    const seconds = (performance.now() - began) / 1_000;
    writing = false;
    await Promise.all(writers);

    const isAnswered = (story: Story): boolean => keysSent(story) >= 2 * totalOf(story);
    try {
      await until('everything is answered', () => stories.every(isAnswered), 120_000);
    } catch (error) {
      const left = stories.filter((story) => !isAnswered(story)).map(leftIn);
      throw new Error(JSON.stringify(left), { cause: error });
    }
    const ended = once(child as ChildProcess, 'exit');
    child?.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);

    const total = stories.reduce((sum, story) => sum + totalOf(story), 0);
    expect([...agent.asked.values()].filter((times) => times !== 1)).toEqual([]);
    expect(agent.asked.size).toBe(total);
    const repeats = stories.reduce((sum, story) => sum + repeatsIn(story), 0);
    const kills = rounds * BRIDGES;
    expect(repeats).toBeLessThanOrEqual(kills * SENDERS.length);
    process.stdout.write(
      `${total} messages, ${kills} bridges killed in ${seconds.toFixed(0)} s, ${repeats} replies came twice\n`,
    );
  },
  // A start of the process takes 0.3 s on a quiet machine, and some seconds on a busy one.
  240_000 + ROUNDS * 8_000,
);
