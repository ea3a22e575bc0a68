import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { isLinked, linkIn, putBack, snapshot } from '../../vm-bootstrap/backup/credentials.ts';
import { type Backup, KEY_BYTES, open, seal } from '../../vm-bootstrap/backup/seal.ts';
import { BACKUP_EVERY_MS, backupDue } from '../../vm-bootstrap/core/backup-due.ts';
import { plainFiles } from '../../vm-bootstrap/files.ts';

const CREDS = JSON.stringify({ me: { id: '15551234567:1@s.whatsapp.net' }, nextPreKeyId: 31 });
const FILES = {
  'creds.json': CREDS,
  'pre-key-1.json': '{"private":"QQ=="}',
  'session-15551234567.0.json': '{"x":1}',
  'app-state-sync-key-PACalc6__.json': '{}',
};
const CONTENT: Backup = { version: 1, at: '2026-11-20T18:00:00Z', files: FILES, greeted: true };
const KEY = randomBytes(KEY_BYTES);

describe('a sealed backup', () => {
  const sealed = seal(CONTENT, KEY, 'allison');

  test('opens with its key, for its agent', () => {
    expect(open(sealed, KEY, 'allison')).toEqual(CONTENT);
  });

  test('never looks the same twice, and shows nothing of what is in it', () => {
    expect(seal(CONTENT, KEY, 'allison').equals(sealed)).toBe(false);
    expect(sealed.toString('latin1')).not.toContain('15551234567');
  });

  test.each([
    ['another key', () => open(sealed, randomBytes(KEY_BYTES), 'allison')],
    ["another agent's name", () => open(sealed, KEY, 'bo')],
    ['nothing', () => open(Buffer.alloc(0), KEY, 'allison')],
  ])('does not open with %s', (_what, attempt) => {
    expect(attempt).toThrow(expect.objectContaining({ code: 'FAILED_PRECONDITION' }));
  });

  test('does not open when a single byte is missing or another', () => {
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(sealed);
        changed[at] = (changed[at] ?? 0) ^ flip;
        expect(() => open(changed, KEY, 'allison')).toThrow('Nothing was changed');
        expect(() => open(sealed.subarray(0, at), KEY, 'allison')).toThrow('Nothing was changed');
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    '../creds.json',
    'a/b.json',
    '.json',
    '/etc/passwd',
    'x.sh',
    `${'x'.repeat(300)}.json`,
  ])('with a file called %s in it is refused whole', (name) => {
    const bad = seal({ ...CONTENT, files: { ...FILES, [name]: '{}' } }, KEY, 'allison');
    expect(() => open(bad, KEY, 'allison')).toThrow('Nothing was changed');
  });
});

describe('credentials', () => {
  let folder: string;
  const put = (files: Readonly<Record<string, string>>) => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  };
  const read = (sleep: (ms: number) => Promise<void> = async () => {}) =>
    snapshot(plainFiles, folder, sleep);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'agent-credentials-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('there and back', async () => {
    put({ ...FILES, 'creds.json.bak': CREDS, 'notes.txt': 'x' });
    const files = await read();
    expect(files).toEqual(FILES);
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    putBack(plainFiles, folder, files ?? {});
    expect(readdirSync(folder).sort()).toEqual(Object.keys(FILES).sort());
    expect(isLinked(plainFiles, folder)).toBe(true);
  });

  test('a login that nobody scanned is nothing to back up', async () => {
    put({ 'creds.json': '{"registrationId":7}' });
    expect(await read()).toBeUndefined();
    expect(isLinked(plainFiles, folder)).toBe(false);
  });

  test('a file that is being written is read again, when it is whole', async () => {
    put({ ...FILES, 'pre-key-2.json': '{"private":"Q' });
    let waits = 0;
    const files = await read(async () => {
      waits += 1;
      if (waits === 2) put({ 'pre-key-2.json': '{"private":"QQ=="}' });
    });
    expect(waits).toBe(2);
    expect(files?.['pre-key-2.json']).toBe('{"private":"QQ=="}');
  });

  test('one that is never whole gives no backup', async () => {
    put({ ...FILES, 'pre-key-2.json': '{"private":"Q' });
    expect(await read()).toBeUndefined();
  });
});

test.each([
  ['a first one', undefined, 'a', true],
  ['the same content, later', { digest: 'a', link: 'x', at: 0 }, 'a', false],
  ['another, too soon', { digest: 'a', link: 'x', at: 1 }, 'b', false],
  ['another, after an hour', { digest: 'a', link: 'x', at: 0 }, 'b', true],
  ['another link, at once', { digest: 'a', link: 'y', at: 1 }, 'b', true],
  ['a mark that names no link', { digest: 'a', at: 1 }, 'b', false],
])('due: %s', (_what, last, digest, due) => {
  expect(backupDue(last, { digest, link: 'x' }, BACKUP_EVERY_MS)).toBe(due);
});

test('another scan of the same phone is another link; a session that moves on is not', () => {
  const creds = (id: string, registrationId: number, nextPreKeyId: number) =>
    linkIn(JSON.stringify({ me: { id }, registrationId, nextPreKeyId }));
  const first = creds('15551234567:1@s.whatsapp.net', 7, 31);
  expect(creds('15551234567:1@s.whatsapp.net', 7, 40)).toEqual(first);
  expect(creds('15551234567:2@s.whatsapp.net', 7, 31)).not.toEqual(first);
  expect(creds('15551234567:1@s.whatsapp.net', 8, 31)).not.toEqual(first);
});
