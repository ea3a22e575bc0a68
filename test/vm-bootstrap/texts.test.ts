import fc from 'fast-check';
import type { VmStatus } from '../../contracts/instance-metadata.ts';
import { peerUid } from '../../vm-bootstrap/core/broker-protocol.ts';
import { mergeText } from '../../vm-bootstrap/core/merge-text.ts';
import { catalogEntry } from '../../vm-bootstrap/core/model-catalog.ts';
import { cleanKey, providerOfKey } from '../../vm-bootstrap/core/providers.ts';
import { renderText } from '../../vm-bootstrap/core/render-text.ts';
import { failureAfter, statusToPublish } from '../../vm-bootstrap/core/status.ts';

describe('mergeText', () => {
  test.each([
    ['nothing there', undefined, 'new', undefined, 'new'],
    ['as we left it', 'old', 'new', 'old', 'new'],
    ['they added to it', 'old', 'new', 'old\nmine', 'new\nmine'],
    ['they rewrote it, nothing new to say', 'old', 'old', 'mine', 'mine'],
    ['they rewrote it, something new to say', 'old', 'new', 'mine', 'new\nmine'],
    ['a text that holds a replacement pattern', 'old', "it's $& and $1", 'old', "it's $& and $1"],
  ])('%s', (_, last, desired, current, merged) => {
    expect(mergeText(last, desired, current)).toBe(merged);
  });

  test('a second time changes nothing', () => {
    const text = fc.string({ minLength: 1, maxLength: 5 }).filter((each) => each.trim() !== '');
    fc.assert(
      fc.property(fc.option(text, { nil: undefined }), text, text, (last, desired, current) => {
        const once = mergeText(last, desired, current);
        expect(mergeText(desired, desired, once)).toBe(once);
      }),
    );
  });
});

describe('renderText', () => {
  test('fills placeholders and keeps or drops sections', () => {
    const template = 'a {{x}}\n{{#yes}}\nkept {{x}}\n{{/yes}}\n{{#no}}\ndropped\n{{/no}}\nend\n';
    expect(renderText(template, { x: '1', yes: true, no: false })).toBe('a 1\nkept 1\nend\n');
  });
  test.each([['{{unknown}}'], ['{{toString}}'], ['{{#unknown}}\nx\n{{/unknown}}\n']])(
    'refuses %j rather than leave it',
    (template) => {
      expect(() => renderText(template, {})).toThrow(/Unknown placeholder/);
    },
  );
});

test.each([
  ['sk-ant-api03-abc', 'anthropic'],
  ['sk-proj-abc', 'openai'],
  ['AIzaSyAbc', 'google'],
  ['something-else', undefined],
] as const)('%s is a key of %s', (key, provider) => {
  expect(providerOfKey(key)).toBe(provider);
});

test.each([
  ['  sk-ant-api03-abc \n', 'sk-ant-api03-abc'],
  ['`sk-ant-api03-abc`', 'sk-ant-api03-abc'],
  ['sk-ant api03', undefined],
  ['sk-ant-api03-\u00e4bc', undefined],
  ['short', undefined],
  ['x'.repeat(513), undefined],
])('a pasted key %j is %j', (text, key) => {
  expect(cleanKey(text)).toBe(key);
});

test.each([
  ['0-123-997', 997],
  ['12-1-0', 0],
  ['0', undefined],
  ['', undefined],
  ['0-1-997-x', undefined],
])('the peer of instance %j is %j', (instance, uid) => {
  expect(peerUid(instance)).toBe(uid);
});

test('an unknown model is charged like the dearest of its provider', () => {
  expect(catalogEntry({ provider: 'anthropic', id: 'claude-next' })).toEqual(
    catalogEntry({ provider: 'anthropic', id: 'claude-opus-4-6' }),
  );
  expect(catalogEntry({ provider: 'openai', id: 'constructor' }).cost.output).toBe(15);
});

describe('statusToPublish', () => {
  const now = new Date('2026-11-20T12:00:00Z');
  const ready = { state: 'ready', configVersion: '3', key: 'own' } as const;
  test('says what changed', () => {
    expect(statusToPublish(undefined, ready, now)).toEqual({ ...ready, at: now.toISOString() });
    expect(
      statusToPublish({ ...ready, at: 'x' }, { ...ready, configVersion: '4' }, now),
    ).toBeDefined();
    expect(statusToPublish({ ...ready, reason: 'r', at: 'x' }, ready, now)).toBeDefined();
  });
  test('is silent when nothing changed', () => {
    expect(statusToPublish({ ...ready, at: 'long ago' }, ready, now)).toBeUndefined();
    const long = { state: 'failed', reason: 'r'.repeat(600) } as const;
    const first = statusToPublish(undefined, long, now);
    expect(statusToPublish(first, long, now)).toBeUndefined();
  });
});

test('a failure takes nothing back but the state: whose key there is stays known', () => {
  const last = { state: 'failed', reason: 'No API key', configVersion: '3', key: 'none', at: 'x' };
  expect(failureAfter(last as VmStatus, 'Bootstrap failed')).toEqual({
    state: 'failed',
    reason: 'Bootstrap failed',
    configVersion: '3',
    key: 'none',
  });
  expect(failureAfter(undefined, 'too early')).toEqual({ state: 'failed', reason: 'too early' });
});
