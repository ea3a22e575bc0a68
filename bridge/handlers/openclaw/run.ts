/** What the gateway's answers mean, pure. Shapes as seen with OpenClaw 2026.9.6 (decision 060). */

import { z } from 'zod';
import type { HandlerOutcome } from '../../ports.ts';
import { payloads, repliesOf, textReplies } from './replies.ts';

/** The final answer of `agent`. */
export const finalAnswer = z.looseObject({
  runId: z.string().optional(),
  status: z.string(),
  summary: z.string().nullish(),
  error: z.unknown().optional(),
  result: z.looseObject({ payloads: payloads.nullish() }).nullish(),
});
export type FinalAnswer = z.infer<typeof finalAnswer>;

/** The answer of `agent.wait`. */
export const waitAnswer = z.looseObject({
  status: z.string(),
  error: z.string().nullish(),
  terminalReply: z.looseObject({ text: z.string().nullish() }).nullish(),
});
export type WaitAnswer = z.infer<typeof waitAnswer>;

const row = z.looseObject({
  role: z.string(),
  content: z.union([
    z.string(),
    z.array(z.looseObject({ type: z.string().optional(), text: z.string().optional() })),
  ]),
  idempotencyKey: z.string().nullish(),
  /** Of an assistant's row: `stop`, `length`, `toolUse`, `error`, `aborted`. */
  stopReason: z.string().nullish(),
  /** A sentence on the way to the answer, which chat.history made a row of its own. */
  openclawStreamFallback: z.unknown().optional(),
});
export type HistoryRow = z.infer<typeof row>;

/** The answer of `chat.history`. */
export const history = z.looseObject({
  messages: z
    .array(z.unknown())
    .transform((rows) => rows.flatMap((one) => row.safeParse(one).data ?? [])),
  sessionInfo: z.looseObject({ hasActiveRun: z.boolean().nullish() }).nullish(),
});
export type History = z.infer<typeof history>;

/**
 * A run that failed. The text of its error may quote the conversation, so it stays in OpenClaw's log.
 * @param begun false when it ended by itself, so that it may be asked again
 */
const failed = (why: string, begun: boolean): HandlerOutcome => ({
  kind: 'failed',
  reason: `the agent failed (${why}): OpenClaw's own log says why`,
  begun,
});

/**
 * @param to the message that is answered
 * @returns replies (none, when the agent chose to say nothing), or why it failed
 */
export function outcomeOfFinal(answer: FinalAnswer, to: string): HandlerOutcome {
  const payloads = (answer.result?.payloads ?? []).filter(({ isReasoning }) => !isReasoning);
  if (answer.status !== 'ok' || (payloads.length > 0 && payloads.every(({ isError }) => isError))) {
    const isOver = answer.status === 'ok';
    return failed(isOver ? 'its answer is an error' : 'the run did not end well', !isOver);
  }
  return {
    kind: 'replies',
    replies: payloads.filter(({ isError }) => !isError).flatMap((one) => repliesOf(one, to)),
  };
}

/** @returns undefined while the run is unknown or goes on; replies, none of them: it ended, somehow */
export function outcomeOfWait(answer: WaitAnswer, to: string): HandlerOutcome | undefined {
  if (answer.status === 'error') return failed('the run ended with an error', true);
  if (answer.status !== 'ok') return undefined;
  const said = answer.terminalReply?.text?.trim() ?? '';
  return { kind: 'replies', replies: textReplies(said, to) };
}

/**
 * Of a run that OpenClaw calls done without a reply, as it does of some that failed: the transcript knows.
 * @param trace nothing runs
 */
export function outcomeOfSilence(trace: Trace): HandlerOutcome {
  const chosen = trace.kind === 'open' && trace.silent;
  return chosen ? { kind: 'replies', replies: [] } : failed('it ended without an answer', false);
}

function wordsOf({ content }: HistoryRow): string {
  if (typeof content === 'string') return content;
  return content.flatMap(({ text: words }) => words ?? []).join('\n');
}

/** The turn went on after it, or was to be resumed. */
const GOES_ON: ReadonlySet<string> = new Set(['toolUse', 'error', 'aborted']);
/** As OpenClaw's own restart recovery knows them. */
const TOOL_CALLS: ReadonlySet<string> = new Set(['toolCall', 'toolUse', 'tool_use']);

/** "Let me check your calendar…" with a tool call, and whatever else was said on the way, is no answer. */
function isAnswer({ role, content, stopReason, openclawStreamFallback }: HistoryRow): boolean {
  if (role !== 'assistant' || GOES_ON.has(stopReason ?? '')) return false;
  if (openclawStreamFallback !== undefined) return false;
  return typeof content === 'string' || !content.some(({ type }) => TOOL_CALLS.has(type ?? ''));
}

/** What the transcript says of a message of ours. */
export type Trace =
  /** The agent never got it. */
  | { readonly kind: 'absent' }
  /** A turn runs in this session: ours, or one that ours is behind. */
  | { readonly kind: 'active' }
  /** It got it, and nothing runs: OpenClaw resumes by itself after a restart, or has given up. */
  | {
      readonly kind: 'open';
      /** It ended well, without a word. */
      readonly silent?: true;
    }
  | { readonly kind: 'answered'; readonly text: string };

/** @param keys idempotency keys under which the message may have been asked */
export function traceOf({ messages, sessionInfo }: History, keys: readonly string[]): Trace {
  if (sessionInfo?.hasActiveRun) return { kind: 'active' };
  const wanted = new Set(keys.map((key) => `${key}:user`));
  const at = messages.findLastIndex(({ idempotencyKey }) => wanted.has(idempotencyKey ?? ''));
  if (at < 0) return { kind: 'absent' };
  const after = messages.slice(at + 1);
  // What follows another message is the answer to that one, and maybe somebody else's.
  const end = after.findIndex(({ idempotencyKey }) => idempotencyKey?.endsWith(':user'));
  const answer = after.slice(0, end < 0 ? undefined : end).findLast(isAnswer);
  const said = answer ? wordsOf(answer).trim() : '';
  if (said !== '') return { kind: 'answered', text: said };
  return answer ? { kind: 'open', silent: true } : { kind: 'open' };
}
