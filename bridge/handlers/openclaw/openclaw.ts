/**
 * Hands messages to an OpenClaw agent and brings back what it says, read from the run itself.
 * The inbox key is the idempotency key: asked again, a gateway that is still up gives the same
 * answer without a second turn; after a restart of the gateway its transcript tells. After a turn that
 * ended in failure the next attempt has a key of its own (decision 060).
 */

import { setTimeout as sleep } from 'node:timers/promises';
import type { AdmittedMessage } from '../../message.ts';
import type { Finding, Handler, HandlerContext, HandlerOutcome } from '../../ports.ts';
import { type Failed, fileLater } from '../file-later.ts';
import { createFiles } from './files.ts';
import { createGateway, type Gateway, GatewayFailure, type GatewayOptions } from './gateway.ts';
import { keysOf, type TurnKeys } from './keys.ts';
import { promptOf, sessionKeyOf } from './prompt.ts';
import { textReplies } from './replies.ts';
import { finalAnswer, history, outcomeOfFinal, outcomeOfWait, traceOf, waitAnswer } from './run.ts';

export interface OpenclawOptions extends GatewayOptions {
  readonly sessionKey: string;
  readonly sessionIsolation: boolean;
  /** Longest turn, in milliseconds. */
  readonly runTimeoutMs?: number;
}

const RUN_TIMEOUT_MS = 600_000;
const CONNECT_TIMEOUT_MS = 5_000;
const CHECK_TIMEOUT_MS = 10_000;
const CALL_TIMEOUT_MS = 15_000;
/** OpenClaw's most: a turn leaves two rows for each call of a tool. */
const HISTORY_ROWS = 1_000;
/** OpenClaw resumes an interrupted turn "a few seconds after startup" (its restart-recovery page). */
const RESUME_MS = 20_000;
const RESUME_PAUSE_MS = 500;

/** As `agent` takes them (seen with 2026.9.6). */
interface Attachment {
  readonly type: 'image' | 'file';
  readonly mimeType: string;
  readonly fileName: string;
  /** base64 */
  readonly content: string;
}

interface Turn {
  readonly sessionKey: string;
  readonly text: string;
  readonly attachments: readonly Attachment[];
  readonly keys: TurnKeys;
  /** Id of the message that is answered. */
  readonly to: string;
  readonly signal: AbortSignal;
}

function createTurns(gateway: Gateway, runTimeoutMs: number) {
  const ask = async (turn: Turn, idempotencyKey: string): Promise<HandlerOutcome> => {
    const { sessionKey, text: message, attachments, signal } = turn;
    const files = attachments.length > 0 ? { attachments } : {};
    const params = { sessionKey, message, idempotencyKey, deliver: false, ...files };
    const answer = await gateway.call('agent', params, {
      final: true,
      timeoutMs: runTimeoutMs,
      signal,
    });
    return outcomeOfFinal(finalAnswer.parse(answer), turn.to);
  };
  const waited = async (key: string, to: string): Promise<HandlerOutcome | undefined> => {
    const params = { runId: key, timeoutMs: 1 };
    const answer = await gateway.call('agent.wait', params, { timeoutMs: CALL_TIMEOUT_MS });
    return outcomeOfWait(waitAnswer.parse(answer), to);
  };
  /** Finds out what became of a turn that was begun, and asks again only if the agent never got it. */
  const resume = async (turn: Turn): Promise<HandlerOutcome> => {
    const { keys, sessionKey, to, signal } = turn;
    const began = Date.now();
    let idleSince = began;
    for (;;) {
      // Of this attempt alone: a turn of an earlier one, which failed, can look like one that said nothing.
      const ended = (await waited(keys.repeat, to)) ?? (await waited(keys.ask, to));
      if (ended?.kind === 'replies') return ended;
      const params = { sessionKey, limit: HISTORY_ROWS };
      const seen = history.parse(
        await gateway.call('chat.history', params, { timeoutMs: CALL_TIMEOUT_MS }),
      );
      const trace = traceOf(seen, keys.all);
      if (trace.kind === 'absent') return await ask(turn, keys.ask);
      if (trace.kind === 'answered') {
        return { kind: 'replies', replies: textReplies(trace.text, to) };
      }
      const now = Date.now();
      if (trace.kind === 'active') {
        // What works is never asked a second time, however long it takes.
        if (now - began > runTimeoutMs) return failedAt('a turn that does not end', true);
        idleSince = now;
      } else if (now - idleSince > RESUME_MS) return await ask(turn, keys.repeat);
      await sleep(RESUME_PAUSE_MS, undefined, { signal });
    }
  };
  return { ask, resume };
}

/**
 * Voice notes are read, not heard: they come as text, or not at all.
 * @returns a failure when the file may be had later
 */
async function attachmentsOf(
  { content }: AdmittedMessage,
  { file, begun }: HandlerContext,
): Promise<{ attachments: Attachment[]; note: string } | Failed> {
  if (content.kind !== 'media') return { attachments: [], note: '' };
  if (content.media === 'audio') {
    const heard = content.file.transcript !== undefined;
    return { attachments: [], note: heard ? '' : ' (it could not be transcribed)' };
  }
  const found = await file();
  if (found.kind === 'refused') {
    return fileLater(found, begun) ?? { attachments: [], note: ' (it could not be opened)' };
  }
  const mimeType = content.file.mime ?? found.mime;
  const attachment: Attachment = {
    type: mimeType.startsWith('image/') ? 'image' : 'file',
    mimeType,
    fileName: content.file.filename ?? content.media,
    content: found.bytes.toString('base64'),
  };
  return { attachments: [attachment], note: '' };
}

async function checkGateway(options: OpenclawOptions): Promise<Finding> {
  const what = 'OpenClaw gateway';
  const gateway = createGateway(options);
  gateway.start();
  try {
    await gateway.connected(CHECK_TIMEOUT_MS);
    await gateway.call('chat.history', { sessionKey: 'agent:main:bridge-check', limit: 1 });
    return { what, ok: true, detail: `${options.url} accepted the handshake (protocol 4)` };
  } catch (error) {
    return { what, ok: false, detail: `${options.url}: ${(error as Error).message}` };
  } finally {
    await gateway.stop();
  }
}

/** The causes' own texts may quote the conversation: they are not repeated. */
const failedAt = (what: string, begun: boolean): HandlerOutcome => ({
  kind: 'failed',
  reason: `failed at the gateway (${what}): OpenClaw's own log says why`,
  begun,
});

/**
 * A failure of the call itself. The agent may have been reached: the next attempt looks first.
 * @param stopping the bridge ends: this attempt was cut off by it
 */
function outcomeOfFailure(error: unknown, stopping: boolean): HandlerOutcome {
  if (stopping) return { kind: 'away', reason: 'the bridge ends', begun: true };
  // An answer of a shape that nobody here knows: not everybody has to wait for it.
  if (!(error instanceof GatewayFailure)) return failedAt('an answer that cannot be read', true);
  if (error.kind === 'away') return { kind: 'away', reason: error.message, begun: error.sent };
  return failedAt(error.kind === 'late' ? 'no answer in time' : error.code, error.sent);
}

export function createOpenclaw(options: OpenclawOptions): Handler {
  const gateway = createGateway(options);
  const turns = createTurns(gateway, options.runTimeoutMs ?? RUN_TIMEOUT_MS);

  return {
    name: 'openclaw',
    start: async () => gateway.start(),
    async handle(message: AdmittedMessage, context: HandlerContext) {
      const { key, attempt, begun, signal } = context;
      const sessionKey = sessionKeyOf(message, options.sessionKey, options.sessionIsolation);
      try {
        await gateway.connected(CONNECT_TIMEOUT_MS);
        const carried = await attachmentsOf(message, context);
        if ('kind' in carried) return carried;
        const { attachments, note } = carried;
        const { id: to } = message;
        const keys = keysOf(key, attempt);
        const turn = { sessionKey, text: promptOf(message) + note, attachments, keys, to, signal };
        return await (begun ? turns.resume(turn) : turns.ask(turn, keys.ask));
      } catch (error) {
        return outcomeOfFailure(error, signal.aborted);
      }
    },
    open: createFiles(options),
    check: async () => [await checkGateway(options)],
    stop: () => gateway.stop(),
  };
}
