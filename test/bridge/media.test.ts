import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Content, InboundMessage, MediaReference } from '../../bridge/message.ts';
import { createHandling } from '../../bridge/pipeline/handling.ts';
import type { BridgeStore } from '../../bridge/pipeline/receive.ts';
import { HANDLER_SCHEDULE } from '../../bridge/pipeline/schedule.ts';
import type { FileResult } from '../../bridge/ports.ts';
import { openStore } from '../../bridge/store/store.ts';
import { createKapso, KAPSO_FILE_HOSTS } from '../../bridge/transports/kapso/kapso.ts';
import { isPublicAddress } from '../../bridge/transports/media/address.ts';
import { type DownloadRules, download, refusal } from '../../bridge/transports/media/download.ts';
import { type KapsoServer, startKapso } from '../../local/kapso/server.ts';
import { echo } from './support/bridge.ts';

const RULES: DownloadRules = {
  hosts: [...KAPSO_FILE_HOSTS, 'fbsbx.com', 'localhost'],
  trustedOrigin: 'https://api.kapso.ai',
  secretHosts: ['kapso.ai'],
  secretHeaders: { 'x-api-key': 'k' },
  maxBytes: 1_000,
  timeoutMs: 2_000,
};

test.each([
  '10.1.2.3',
  '127.0.0.1',
  '169.254.169.254',
  '172.31.0.1',
  '192.168.1.1',
  '100.64.0.1',
  '0.0.0.0',
  '224.0.0.1',
  '::1',
  '::',
  'fe80::1',
  'fd20:ce::254',
  '::ffff:169.254.169.254',
  '64:ff9b::a00:1',
  '2001:db8::1',
  '2002:7f00:1::',
  'localhost',
  '',
])('%s is not public', (address) => {
  expect(isPublicAddress(address)).toBe(false);
});

test.each(['1.1.1.1', '172.32.0.1', '157.240.1.1', '2a03:2880:f12f:83:face:b00c:0:25de'])(
  '%s is public',
  (address) => {
    expect(isPublicAddress(address)).toBe(true);
  },
);

test.each([
  ['http://app.kapso.ai/x', 'not https'],
  ['https://app.kapso.ai:8443/x', 'an unusual port'],
  ['https://169.254.169.254/x', 'an address instead of a name'],
  ['https://[::1]/x', 'an address instead of a name'],
  ['https://2130706433/x', 'an address instead of a name'],
  ['https://evil.example/x', 'host evil.example is not known'],
  ['https://kapso.ai.evil.example/x', 'host kapso.ai.evil.example is not known'],
  ['https://notkapso.ai/x', 'host notkapso.ai is not known'],
  ['https://lookaside.fbsbx.com/x', undefined],
  ['https://api.kapso.ai/x', undefined],
  // Where Kapso's own addresses lead to; another's bucket at the same company is not known.
  ['https://kapso-ai-prod.d77f1e59818b5ed2ec009d1a9116b255.r2.cloudflarestorage.com/x', undefined],
  [
    'https://evil.d77f1e59818b5ed2ec009d1a9116b255.r2.cloudflarestorage.com/x',
    'host evil.d77f1e59818b5ed2ec009d1a9116b255.r2.cloudflarestorage.com is not known',
  ],
])('%s: %s', (address, reason) => {
  expect(refusal(new URL(address), RULES)).toBe(reason);
});

test('a known name that leads to a private address is not connected to', async () => {
  expect(await download('https://localhost/x', RULES)).toEqual({
    kind: 'refused',
    reason: 'PRIVATE_ADDRESS',
  });
});

describe('files of messages', () => {
  let kapso: KapsoServer;
  beforeEach(async () => {
    kapso = await startKapso();
  });
  afterEach(() => kapso.close());

  const fileOf = (file: MediaReference) => {
    const content: Content = { kind: 'media', media: 'image', file };
    const message: InboundMessage = {
      id: 'm',
      transport: 'kapso',
      sender: { id: '1' },
      content,
      at: 0,
    };
    const { baseUrl, apiKey, phoneNumberId } = kapso;
    return createKapso({ baseUrl, apiKey, phoneNumberId, pollEveryMs: 0 }).file(message);
  };

  test('by address, by id, through a redirect', async () => {
    kapso.files.set('cat', { bytes: Buffer.from('meow'), mime: 'image/png' });
    const wanted = { kind: 'file', bytes: Buffer.from('meow'), mime: 'image/png' };
    expect(await fileOf({ url: kapso.fileUrl('cat') })).toEqual(wanted);
    expect(await fileOf({ id: 'cat' })).toEqual(wanted);
    const detour = kapso.fileUrl(`redirect:${encodeURIComponent(kapso.fileUrl('cat'))}`);
    expect(
      await fileOf({ url: detour.replace('redirect:', encodeURIComponent('redirect:')) }),
    ).toEqual(wanted);
  });
  test('an address that is refused: the API knows another by the id', async () => {
    kapso.files.set('cat', { bytes: Buffer.from('meow'), mime: 'image/png' });
    const elsewhere = kapso.fileUrl(encodeURIComponent('redirect:https://files.example/cat'));
    expect(await fileOf({ url: elsewhere })).toMatchObject({ kind: 'refused' });
    for (const url of [elsewhere, kapso.fileUrl('gone')]) {
      expect(await fileOf({ url, id: 'cat' })).toMatchObject({ kind: 'file', mime: 'image/png' });
    }
  });
  test('a redirect to a private address, an endless one, a file that is gone, one too large', async () => {
    const redirect = (to: string): string => kapso.fileUrl(encodeURIComponent(`redirect:${to}`));
    expect(
      await fileOf({ url: redirect('http://169.254.169.254/computeMetadata/v1/') }),
    ).toMatchObject({
      reason: 'not https',
    });
    expect(await fileOf({ url: redirect('https://127.0.0.1/') })).toMatchObject({
      kind: 'refused',
    });
    expect(await fileOf({ url: kapso.fileUrl('gone') })).toEqual({
      kind: 'refused',
      reason: 'HTTP 404',
    });
    kapso.files.set('big', { bytes: Buffer.alloc(17_000_000), mime: 'image/png' });
    expect(await fileOf({ url: kapso.fileUrl('big') })).toEqual({
      kind: 'refused',
      reason: 'too large',
    });
    expect(await fileOf({})).toMatchObject({ kind: 'refused' });
  });
  test('what may be had later says so: an outage, nobody there; a key that is refused does not', async () => {
    kapso.files.set('cat', { bytes: Buffer.from('meow'), mime: 'image/png' });
    for (const status of [429, 503]) {
      kapso.outage = status;
      const later = { kind: 'refused', reason: `HTTP ${status}`, passing: true };
      expect(await fileOf({ id: 'cat' })).toEqual(later);
      expect(await fileOf({ url: kapso.fileUrl('cat') })).toEqual(later);
    }
    kapso.outage = 401;
    expect(await fileOf({ id: 'cat' })).toEqual({ kind: 'refused', reason: 'HTTP 401' });
    const { port } = new URL(kapso.baseUrl);
    const nobody = { ...RULES, trustedOrigin: `http://127.0.0.1:${port}` };
    const url = kapso.fileUrl('cat').replace('localhost', '127.0.0.1');
    await kapso.close();
    expect(await fileOf({ id: 'cat' })).toMatchObject({ reason: 'ECONNREFUSED', passing: true });
    expect(await download(url, nobody)).toMatchObject({ reason: 'ECONNREFUSED', passing: true });
    expect(await download('no address', nobody)).not.toHaveProperty('passing');
    kapso = await startKapso();
  });

  test('at the last attempt a handler hears no more of a later one', async () => {
    kapso.outage = 503;
    const { baseUrl, apiKey, phoneNumberId } = kapso;
    const kapsoOf = createKapso({ baseUrl, apiKey, phoneNumberId, pollEveryMs: 0 });
    const dir = mkdtempSync(join(tmpdir(), 'bridge-media-'));
    const store: BridgeStore = openStore({ dir, exclusive: true });
    const found: FileResult[] = [];
    const handle = createHandling({
      store,
      handler: {
        ...echo,
        async handle(_message, { file }) {
          found.push(await file());
          return { kind: 'replies', replies: [] };
        },
      },
      transports: new Map([['kapso', kapsoOf]]),
      observe: () => {},
      apology: '',
      now: () => 0,
      signal: new AbortController().signal,
      rest: () => {},
      onQueued: () => {},
    });
    const content: Content = { kind: 'media', media: 'image', file: { id: 'cat' } };
    const payload = { id: 'm', transport: 'kapso', sender: { id: '1' }, content, at: 0, role: 'x' };
    const item = {
      seq: 1,
      key: 'k',
      lane: 'l',
      payload,
      interrupted: false,
      unsure: 0,
      interruptions: 0,
      revived: 0,
    };
    for (const attempts of [HANDLER_SCHEDULE.length, HANDLER_SCHEDULE.length + 1]) {
      await handle({ ...item, attempts, createdAt: 0 });
    }
    const refused = { kind: 'refused', reason: 'HTTP 503' };
    expect(found).toEqual([{ ...refused, passing: true }, refused]);
    store.close();
    rmSync(dir, { recursive: true, force: true });
  });
});
