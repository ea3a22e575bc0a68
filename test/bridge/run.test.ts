import { history, traceOf } from '../../bridge/handlers/openclaw/run.ts';

const KEYS = ['kapso:1', 'kapso:1/again'];
const OURS = { role: 'user', content: 'When is lunch?', idempotencyKey: 'kapso:1:user' };
const said = (text: string) => [{ type: 'text', text }];
const LOOKING = 'Let me check your calendar…';
const CALL = { type: 'toolCall', id: 'toolu_1', name: 'exec', arguments: {} };
const TOOL_ROW = { role: 'assistant', content: [...said(LOOKING), CALL], stopReason: 'toolUse' };
const ANSWER = { role: 'assistant', content: said('At one.'), stopReason: 'stop' };

/** Rows after ours, as chat.history of OpenClaw 2026.9.6 gives them. */
const traceAfter = (rows: readonly object[], hasActiveRun = false) =>
  traceOf(history.parse({ messages: [OURS, ...rows], sessionInfo: { hasActiveRun } }), KEYS);

describe('what the transcript says after a restart', () => {
  test.each<[string, object[]]>([
    ['nothing', []],
    ['a sentence and a tool call', [TOOL_ROW]],
    ['a tool call and its result', [TOOL_ROW, { role: 'toolResult', content: said('12:00') }]],
    ['a tool call without its stop reason', [{ role: 'assistant', content: TOOL_ROW.content }]],
    ['a stop reason without its tool call', [{ ...ANSWER, stopReason: 'toolUse' }]],
    ['half a sentence', [{ ...ANSWER, stopReason: 'aborted' }]],
    ['an error', [{ ...ANSWER, stopReason: 'error' }]],
    [
      'an intermediate sentence as a row of its own',
      [
        {
          role: 'assistant',
          content: said(LOOKING),
          openclawStreamFallback: { source: 'segment' },
        },
        { role: 'assistant', content: [CALL], stopReason: 'toolUse' },
      ],
    ],
  ])('%s: open', (_what, rows) => {
    expect(traceAfter(rows)).toEqual({ kind: 'open' });
  });

  test('the row that ended the turn is the answer, whatever was said on the way to it', () => {
    const answered = { kind: 'answered', text: 'At one.' };
    expect(traceAfter([TOOL_ROW, ANSWER])).toEqual(answered);
    expect(traceAfter([{ role: 'assistant', content: 'At one.' }])).toEqual(answered);
    // A later turn of the same session is at its tools.
    expect(traceAfter([ANSWER, { role: 'user', content: 'And now?' }, TOOL_ROW])).toEqual(answered);
  });

  test('while a turn runs nothing is decided, also when many rows have pushed ours out of sight', () => {
    expect(traceAfter([ANSWER], true)).toEqual({ kind: 'active' });
    const tools = Array.from({ length: 60 }, () => TOOL_ROW);
    const seen = { messages: tools, sessionInfo: { hasActiveRun: true } };
    expect(traceOf(history.parse(seen), KEYS)).toEqual({ kind: 'active' });
  });

  test("what follows another sender's message in a shared session is not our answer", () => {
    const another = { role: 'user', content: 'And mine?', idempotencyKey: 'kapso:2:user' };
    expect(traceAfter([another, ANSWER])).toEqual({ kind: 'open' });
    expect(traceAfter([ANSWER, another, { ...ANSWER, content: said('For B only.') }])).toEqual({
      kind: 'answered',
      text: 'At one.',
    });
  });

  test('a message that the agent never got is absent', () => {
    expect(traceOf(history.parse({ messages: [ANSWER] }), KEYS)).toEqual({ kind: 'absent' });
  });
});
