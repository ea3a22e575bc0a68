import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { MIGRATIONS } from '../../bridge/store/migrations.ts';
import { openStore, type Store } from '../../bridge/store/store.ts';

let dir: string;
let store: Store<string, string>;

const open = (): Store<string, string> => openStore({ dir, exclusive: true });
const add = (lane: string, ...keys: string[]): Promise<boolean[]> =>
  store.commit(() => keys.map((key) => store.inbox.add({ key, lane, payload: key, at: 1 })));
const claim = async (limit = 10, now = 100): Promise<string[]> =>
  (await store.commit(() => store.inbox.claim(now, limit))).map(({ key }) => key);
const again = { dueAt: 50, note: 'no', charged: true, begun: false };

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bridge-store-'));
  store = open();
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true, force: true });
});

test('one of a lane at a time, in order; lanes side by side', async () => {
  await add('a', 'a1', 'a2');
  await add('b', 'b1');
  expect(await claim()).toEqual(['a1', 'b1']);
  expect(await claim()).toEqual([]);
  await store.commit(() => store.inbox.finish(1, 100));
  expect(await claim()).toEqual(['a2']);
});

test('what was answered is gone from the files, an API key too; a quote has none', async () => {
  const key = 'sk-ant-api03-a7d2e8c4b6Zx9Cv5Bn1Mq3Lw7Rt8Yu2Io4Pa6Sd0Fg5Hj';
  const text = `Here it is: ${key}`;
  await store.commit(() => {
    store.inbox.add({ key: 'm1', lane: 'a', payload: text, at: 1 });
    store.quotes.keep('wamid.1', text, 1);
  });
  expect(store.quotes.find('wamid.1')).toBe('Here it is: [API key removed]');
  const token = ['1234567890', 'AAH4k2mQ9xZ7vB3nC5pL8sD1fG6hJ0wE2rT'].join(':');
  await store.commit(() => store.quotes.keep('wamid.2', `And: ${token}`, 1));
  expect(store.quotes.find('wamid.2')).toBe('And: [bot token removed]');
  await claim();
  await store.commit(() => store.inbox.finish(1, 100));
  store.emptyLog();
  const files = readdirSync(dir).map((name) => readFileSync(join(dir, name), 'latin1'));
  expect(files.filter((bytes) => bytes.includes(key))).toEqual([]);
});

const filesWith = (needle: string): string[] =>
  readdirSync(dir).filter((name) => readFileSync(join(dir, name), 'latin1').includes(needle));

test('a long text is gone as well, to its last page', async () => {
  const text = `${'long '.repeat(1_200)}the end of it`;
  await store.commit(() => store.inbox.add({ key: 'm1', lane: 'a', payload: text, at: 1 }));
  await claim();
  await store.commit(() => store.inbox.finish(1, 100));
  store.emptyLog();
  expect(filesWith('the end of it')).toEqual([]);
});

test('what a bridge of before left on free pages is gone with its first start', () => {
  store.close();
  const file = join(dir, 'bridge.db');
  rmSync(file);
  const before = new DatabaseSync(file);
  before.exec(
    `PRAGMA secure_delete = FAST; ${MIGRATIONS.slice(0, 4).join(';')}; PRAGMA user_version = 4`,
  );
  before.exec(`INSERT INTO inbox (key, lane, state, created_at, due_at, payload)
    VALUES ('old', 'a', 'done', 1, 1, '${'long '.repeat(1_200)}the end of it')`);
  before.exec('UPDATE inbox SET payload = NULL');
  before.close();
  expect(filesWith('the end of it')).toEqual(['bridge.db']);
  store = open();
  expect(filesWith('the end of it')).toEqual([]);
  expect(store.inbox.knows('old')).toBe(true);
});

test('nobody else may read the files, whoever made the folder', async () => {
  const open = mkdtempSync(join(tmpdir(), 'bridge-store-'));
  chmodSync(open, 0o755);
  const other = openStore<string, string>({ dir: open, exclusive: true });
  await other.commit(() => other.setCursor('c', '1'));
  const modes = readdirSync(open).filter((name) => name.startsWith('bridge.db'));
  expect(modes.map((name) => statSync(join(open, name)).mode & 0o077)).toEqual([0, 0, 0]);
  other.close();
  rmSync(open, { recursive: true });
});

test('a dead letter that is tried again has its whole day, and says how often it was one', async () => {
  await add('a', 'a1');
  for (const [n, at] of [100, 90_000_000].entries()) {
    await claim(10, at);
    await store.commit(() => store.inbox.bury(1, at, 'no'));
    await store.commit(() => store.inbox.revive(1, at + 5));
    const [item] = await store.commit(() => store.inbox.claim(at + 5, 1));
    expect(item).toMatchObject({ revived: n + 1, createdAt: at + 5, attempts: 1 });
    await store.commit(() => store.inbox.retry(1, { ...again, dueAt: at + 5 }));
  }
});

test('a key is taken once, also after it ended', async () => {
  expect(await add('a', 'x', 'x')).toEqual([true, false]);
  await claim();
  await store.commit(() => store.inbox.finish(1, 100));
  expect(await add('a', 'x')).toEqual([false]);
  expect(store.inbox.knows('x')).toBe(true);
});

test('a retried item keeps its place before those behind it', async () => {
  await add('a', 'a1', 'a2');
  await claim();
  await store.commit(() => store.inbox.retry(1, again));
  expect(await claim(10, 49)).toEqual([]);
  expect(store.inbox.nextDue()).toBe(50);
  expect(await claim(10, 50)).toEqual(['a1']);
});

test('a dead letter lets its lane go on, and comes back to its old place', async () => {
  await add('a', 'a1', 'a2', 'a3');
  await claim();
  await store.commit(() => store.inbox.bury(1, 100, 'poison'));
  expect(store.inbox.dead(10)).toMatchObject([{ key: 'a1', note: 'poison', attempts: 1 }]);
  expect(await claim()).toEqual(['a2']);
  expect(await store.commit(() => store.inbox.revive(1, 100))).toBe(true);
  expect(await claim()).toEqual([]);
  await store.commit(() => store.inbox.finish(2, 100));
  expect(await claim()).toEqual(['a1']);
  expect(store.inbox.depth()).toMatchObject({ open: 2, dead: 0 });
});

test('an interrupted item is ready again after a crash, and says so; no attempt is charged', async () => {
  await add('a', 'a1', 'a2');
  await claim();
  store.close();
  store = open();
  const [item] = await store.commit(() => store.inbox.claim(100, 10));
  expect(item).toMatchObject({ key: 'a1', interrupted: true, interruptions: 1, attempts: 1 });
  store.close();
  store = open();
  await claim();
  await store.commit(() => store.inbox.retry(1, again));
  const [next] = await store.commit(() => store.inbox.claim(100, 10));
  expect(next).toMatchObject({ interrupted: false, interruptions: 2 });
});

test('an attempt that is not charged does not count', async () => {
  await add('a', 'a1');
  await claim();
  await store.commit(() => store.inbox.retry(1, { ...again, charged: false, begun: true }));
  const [item] = await store.commit(() => store.inbox.claim(100, 10));
  expect(item).toMatchObject({ attempts: 1, interrupted: true });
});

test('sends that nobody knows of are counted by themselves; a dead letter starts over', async () => {
  const claimed = () => store.commit(() => store.outbox.claim(100, 10));
  await store.commit(() => store.outbox.add({ key: 'o', lane: 'a', payload: 'o', at: 1 }));
  for (const unsure of [true, false]) {
    await claimed();
    await store.commit(() => store.outbox.retry(1, { ...again, unsure }));
  }
  expect(await claimed()).toMatchObject([{ attempts: 3, unsure: 1 }]);
  await store.commit(() => store.outbox.bury(1, 100, 'no'));
  await store.commit(() => store.outbox.revive(1, 100));
  expect(await claimed()).toMatchObject([{ attempts: 1, unsure: 0 }]);
});

test('work that throws undoes itself alone', async () => {
  const good = store.commit(() => store.setCursor('c', '1'));
  const bad = store.commit(() => {
    store.setCursor('c', '2');
    throw new Error('no');
  });
  const after = store.commit(() => store.setCursor('d', '3'));
  await expect(bad).rejects.toThrow('no');
  await Promise.all([good, after]);
  expect([store.cursor('c'), store.cursor('d')]).toEqual(['1', '3']);
});

test('an allowance is a fixed window', async () => {
  const allow = (now: number) => store.commit(() => store.allow('s', now, 1000, 2));
  expect([await allow(0), await allow(1), await allow(999), await allow(1000)]).toEqual([
    true,
    true,
    false,
    true,
  ]);
});

test('windows that ended long ago are forgotten a few at a time; the others go on counting', async () => {
  const allow = (name: string, now: number) => store.commit(() => store.allow(name, now, 1_000, 1));
  const prune = (before: number) => store.commit(() => store.pruneAllowances(before, 10));
  await allow('rate:old', 1_000);
  await allow('rate:new', 5_000);
  expect(await prune(5_000)).toBe(1);
  expect([await allow('rate:old', 1_000), await allow('rate:new', 5_001)]).toEqual([true, false]);
});

test('a second process is refused, a command may look', () => {
  expect(() => open()).toThrow(/Another bridge is running/);
  openStore({ dir, exclusive: false }).close();
});

test('a file of a newer bridge is refused', () => {
  store.close();
  const database = new DatabaseSync(join(dir, 'bridge.db'));
  database.exec('PRAGMA user_version = 99');
  database.close();
  expect(() => open()).toThrow(/newer bridge/);
  const repaired = new DatabaseSync(join(dir, 'bridge.db'));
  repaired.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
  repaired.close();
  store = open();
});

test('ended items are forgotten a few at a time, open ones never', async () => {
  await add('a', 'a1', 'a2', 'a3');
  await claim();
  await store.commit(() => store.inbox.finish(1, 100));
  await claim();
  await store.commit(() => store.inbox.finish(2, 200));
  expect(await store.commit(() => store.inbox.prune(150, 10))).toBe(1);
  expect(store.inbox.knows('a1')).toBe(false);
  expect(store.inbox.knows('a3')).toBe(true);
});
