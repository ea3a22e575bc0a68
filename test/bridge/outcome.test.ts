import { keysOf } from '../../bridge/handlers/openclaw/keys.ts';
import { outcomeOfFinal, outcomeOfWait, traceOf } from '../../bridge/handlers/openclaw/run.ts';
import type { OutboundMessage } from '../../bridge/message.ts';
import { afterHandling, afterInterruption, afterSending } from '../../bridge/pipeline/decide.ts';
import {
  HANDLER_SCHEDULE,
  INTERRUPTION_LIMIT,
  SEND_SCHEDULE,
  UNSURE_LIMIT,
} from '../../bridge/pipeline/schedule.ts';
import type { Item } from '../../bridge/store/queue.ts';
import { HttpFailure } from '../../bridge/transports/http-client.ts';
import { outcomeOf, outcomeOfFailure } from '../../bridge/transports/whatsapp/outcome.ts';

const error = (code: number, status = 400) => outcomeOf({ status, body: { error: { code } } });

describe("WhatsApp's answers", () => {
  test.each([4, 613, 80007, 80008, 130429, 131048])('%i: everything rests', (code) => {
    expect(error(code)).toMatchObject({ kind: 'rest' });
  });
  test('131056: this recipient alone is paced', () => {
    expect(error(131056)).toMatchObject({ kind: 'pace', afterMs: 6_000 });
  });
  test.each([131047, 131049, 131050, 131031, 368, 130497, 100])('%i: never again', (code) => {
    expect(error(code)).toMatchObject({ kind: 'refused' });
  });
  test.each([0, 190])('%i: rests until the token is renewed', (code) => {
    expect(error(code, 401)).toMatchObject({
      kind: 'rest',
      reason: expect.stringContaining('token'),
    });
  });
  test.each([
    [429, 'rest'],
    [401, 'rest'],
    [503, 'again'],
    [408, 'again'],
    [500, 'unsure'],
    [502, 'unsure'],
    [404, 'refused'],
    [302, 'again'],
    [200, 'unsure'],
  ])('HTTP %i without a code: %s', (status, kind) => {
    expect(outcomeOf({ status, body: undefined })).toMatchObject({ kind });
  });
  test.each([
    [500, 131057, 'again'],
    [500, 135000, 'unsure'],
    [503, 135000, 'again'],
    [400, 135000, 'refused'],
  ])('HTTP %i with code %i: %s', (status, code, kind) => {
    expect(error(code, status)).toMatchObject({ kind, reason: `WhatsApp error ${code}` });
  });
  test.each([
    ['7', 7_000],
    ['0', 1_000],
    ['-5', 1_000],
    ['99999999', 3_600_000],
    ['soon', 60_000],
  ])('Retry-After %s is respected within bounds: %i ms', (retryAfter, afterMs) => {
    expect(outcomeOf({ status: 429, body: {}, retryAfter })).toMatchObject({ afterMs });
  });
  test('sent, with the id', () => {
    const body = { messages: [{ id: 'wamid.1' }] };
    expect(outcomeOf({ status: 200, body })).toEqual({ kind: 'sent', id: 'wamid.1' });
    expect(outcomeOf({ status: 200, body: { messages: [] } })).toMatchObject({ kind: 'unsure' });
  });
  test('before a byte left, and after', () => {
    expect(outcomeOfFailure(new HttpFailure('TIMEOUT', false)).kind).toBe('again');
    expect(outcomeOfFailure(new HttpFailure('TIMEOUT', true)).kind).toBe('unsure');
    expect(outcomeOfFailure(new TypeError('a fault of ours')).kind).toBe('unsure');
  });
});

describe('what follows', () => {
  const item = (
    attempts: number,
    whenUnsure: 'repeat' | 'hold' = 'repeat',
  ): Item<OutboundMessage> => ({
    seq: 1,
    key: 'k',
    lane: 'l',
    attempts,
    interrupted: false,
    unsure: 0,
    interruptions: 0,
    revived: 0,
    createdAt: 0,
    payload: {
      transport: 't',
      to: { id: '1' },
      content: { kind: 'text', text: 'x', markup: 'plain' },
      whenUnsure,
    },
  });
  const again = { kind: 'again', reason: 'r' } as const;

  test('every attempt has its pause, and the last one none', () => {
    for (const [index, pause] of SEND_SCHEDULE.entries()) {
      const { kind, ...rest } = afterSending(item(index + 1), again, 1_000, 5);
      expect([kind, rest]).toMatchObject([
        'again',
        { again: { dueAt: 1_000 + pause, charged: true } },
      ]);
    }
    expect(afterSending(item(SEND_SCHEDULE.length + 1), again, 1_000, 5)).toMatchObject({
      kind: 'dead',
    });
    const failed = { kind: 'failed', reason: 'r', begun: false } as const;
    expect(afterHandling(item(HANDLER_SCHEDULE.length), failed, 0, 1)).toMatchObject({
      kind: 'again',
    });
    expect(afterHandling(item(HANDLER_SCHEDULE.length + 1), failed, 0, 1)).toMatchObject({
      kind: 'dead',
    });
  });
  test('a handler that is away charges nobody, for a day', () => {
    const away = { kind: 'away', reason: 'r', begun: true } as const;
    expect(afterHandling(item(99), away, 1_000, 500)).toEqual({
      kind: 'rest',
      again: { dueAt: 1_500, note: 'r', charged: false, begun: true },
    });
    expect(afterHandling(item(1), away, 25 * 3_600_000, 500)).toMatchObject({ kind: 'dead' });
  });
  test('a message that was begun stays begun, though a later attempt does not get that far', () => {
    const begun = { ...item(1), interrupted: true };
    for (const kind of ['away', 'failed'] as const) {
      expect(afterHandling(begun, { kind, reason: 'r', begun: false }, 0, 1)).toMatchObject({
        again: { begun: true },
      });
    }
  });
  test('a lost answer: repeated a few times, or held for the operator', () => {
    const unsure = { kind: 'unsure', reason: 'r' } as const;
    expect(afterSending(item(1), unsure, 0, 15)).toMatchObject({
      kind: 'again',
      again: { dueAt: 15 },
    });
    const last = { ...item(UNSURE_LIMIT), unsure: UNSURE_LIMIT - 1 };
    expect(afterSending(last, unsure, 0, 15)).toMatchObject({ kind: 'dead' });
    // What was certainly not sent before is no doubt.
    expect(afterSending(item(8), unsure, 0, 15)).toMatchObject({
      kind: 'again',
      again: { dueAt: 15, unsure: true },
    });
    expect(afterSending(item(1, 'hold'), unsure, 0, 15)).toMatchObject({
      kind: 'dead',
      note: expect.stringContaining('may have arrived'),
    });
    expect(afterInterruption(item(1), 0, 15)).toMatchObject({
      again: { dueAt: 15, charged: false },
    });
    expect(afterInterruption(item(1, 'hold'), 0, 15)).toMatchObject({ kind: 'dead' });
  });
  test('a bridge that dies after each send does not repeat without end', () => {
    const after = (interruptions: number) =>
      afterInterruption({ ...item(1), interruptions }, 0, 15);
    expect(after(INTERRUPTION_LIMIT - 1)).toMatchObject({ kind: 'again' });
    expect(after(INTERRUPTION_LIMIT)).toMatchObject({ kind: 'dead' });
  });
});

describe("the agent's turns", () => {
  const payloads = [{ text: 'Cannot answer "my secret plan": overloaded', isError: true }];

  test('one that ended in failure is over; what it says of the conversation stays there', () => {
    const ended = outcomeOfFinal({ status: 'ok', result: { payloads } }, 'm');
    expect(ended).toMatchObject({ kind: 'failed', begun: false });
    const other = outcomeOfFinal({ status: 'timeout', summary: 'my secret plan' }, 'm');
    expect(other).toMatchObject({ kind: 'failed', begun: true });
    const waited = outcomeOfWait({ status: 'error', error: 'my secret plan' }, 'm');
    for (const one of [ended, other, waited]) {
      expect(one).toMatchObject({ kind: 'failed', reason: expect.stringContaining('failed') });
      expect(JSON.stringify(one)).not.toContain('secret');
    }
  });
  test('every attempt asks under keys of its own, and all of them are found again', () => {
    expect(keysOf('k', 1)).toEqual({ ask: 'k', repeat: 'k/again', all: ['k/again', 'k'] });
    const third = keysOf('k', 3);
    expect(third).toMatchObject({ ask: 'k/again/3', repeat: 'k/again/3/again' });
    expect(third.all).toEqual([
      ...['k/again/3/again', 'k/again/3', 'k/again/2/again', 'k/again/2', 'k/again', 'k'],
    ]);
    const rows = (key: string) => [
      { role: 'user', content: 'x', idempotencyKey: `${key}:user` },
      { role: 'assistant', content: 'y' },
    ];
    for (const key of third.all) {
      expect(traceOf({ messages: rows(key) }, third.all)).toMatchObject({ kind: 'answered' });
    }
    expect(traceOf({ messages: rows('k/again/4') }, third.all)).toEqual({ kind: 'absent' });
  });
});
