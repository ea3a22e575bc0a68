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
import {
  finalAnswer,
  history,
  outcomeOfFinal,
  outcomeOfSilence,
  outcomeOfWait,
  traceOf,
  waitAnswer,
} from './run.ts';
import { createTurnstile } from './turnstile.ts';

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
/** A turn that was waited for at length already gets this part of it at each later attempt. */
const LATER_PART = 0.1;
/** Files that are fetched and on their way to the gateway at once: each is some 21 MB as base64. */
const FILES_AT_ONCE = 3;

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
  /** Has a file that the agent gets. */
  readonly hasFile: boolean;
  /** Fetches it. */
  carry(): Promise<Carried | Failed>;
  readonly keys: TurnKeys;
  readonly attempt: number;
  /** Id of the message that is answered. */
  readonly to: string;
  readonly signal: AbortSignal;
}

interface Carried {
  readonly attachments?: readonly Attachment[];
  /** What the agent is told of a file that it does not get. */
  readonly note: string;
}

/** As `agent` takes it. */
interface AgentParams {
  readonly sessionKey: string;
  readonly message: string;
  readonly idempotencyKey: string;
  readonly deliver: false;
  attachments?: readonly Attachment[];
}

function createTurns(gateway: Gateway, runTimeoutMs: number) {
  const pass = createTurnstile(FILES_AT_ONCE);
  const ask = async (turn: Turn, idempotencyKey: string): Promise<HandlerOutcome> => {
    const { sessionKey, text, hasFile, signal } = turn;
    const leave = hasFile ? await pass() : () => {};
    try {
      const carried = await turn.carry();
      if ('kind' in carried) return carried;
      const { note, ...files } = carried;
      const message = text + note;
      const params: AgentParams = { sessionKey, message, idempotencyKey, deliver: false, ...files };
      const onSent = (): void => {
        // A turn takes minutes: its file is not held for so long.
        delete params.attachments;
        leave();
      };
      const wanted = { final: true, timeoutMs: runTimeoutMs, signal, onSent };
      return outcomeOfFinal(
        finalAnswer.parse(await gateway.call('agent', params, wanted)),
        turn.to,
      );
    } finally {
      leave();
    }
  };
  const waited = async (key: string, to: string): Promise<HandlerOutcome | undefined> => {
    const params = { runId: key, timeoutMs: 1 };
    const answer = await gateway.call('agent.wait', params, { timeoutMs: CALL_TIMEOUT_MS });
    return outcomeOfWait(waitAnswer.parse(answer), to);
  };
  /** Finds out what became of a turn that was begun, and asks again only if the agent never got it. */
  const resume = async (turn: Turn): Promise<HandlerOutcome> => {
    const { keys, sessionKey, to, attempt, signal } = turn;
    const patienceMs = attempt > 1 ? runTimeoutMs * LATER_PART : runTimeoutMs;
    const began = Date.now();
    let idleSince = began;
    for (;;) {
      // Of this attempt alone: a turn of an earlier one, which failed, can look like one that said nothing.
      const ended = (await waited(keys.repeat, to)) ?? (await waited(keys.ask, to));
      const isDone = ended?.kind === 'replies';
      if (isDone && ended.replies.length > 0) return ended;
      const params = { sessionKey, limit: HISTORY_ROWS };
      const seen = history.parse(
        await gateway.call('chat.history', params, { timeoutMs: CALL_TIMEOUT_MS }),
      );
      const trace = traceOf(seen, keys.all);
      if (trace.kind === 'answered') {
        return { kind: 'replies', replies: textReplies(trace.text, to) };
      }
      if (isDone && trace.kind !== 'active') return outcomeOfSilence(trace);
      if (trace.kind === 'absent') return await ask(turn, keys.ask);
      const now = Date.now();
      if (trace.kind === 'active') {
        // What works is never asked a second time, however long it takes.
        if (now - began > patienceMs) return failedAt('a turn that does not end', true);
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
): Promise<Carried | Failed> {
  if (content.kind !== 'media') return { note: '' };
  if (content.media === 'audio') {
    const heard = content.file.transcript !== undefined;
    return { note: heard ? '' : ' (it could not be transcribed)' };
  }
  const found = await file();
  if (found.kind === 'refused') {
    return fileLater(found, begun) ?? { note: ' (it could not be opened)' };
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
    const params = { sessionKey: 'agent:main:bridge-check', limit: 1 };
    await gateway.call('chat.history', params, { timeoutMs: CALL_TIMEOUT_MS });
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
        const { id: to, content } = message;
        const turn: Turn = {
          ...{
            sessionKey,
            text: promptOf(message),
            keys: keysOf(key, attempt),
            attempt,
            to,
            signal,
          },
          hasFile: content.kind === 'media' && content.media !== 'audio',
          carry: () => attachmentsOf(message, context),
        };
        return await (begun ? turns.resume(turn) : turns.ask(turn, turn.keys.ask));
      } catch (error) {
        return outcomeOfFailure(error, signal.aborted);
      }
    },
    open: createFiles(options),
    trouble() {
      const { refusal } = gateway;
      return refusal === undefined ? undefined : `OpenClaw's gateway lets nobody in (${refusal})`;
    },
    check: async () => [await checkGateway(options)],
    stop: () => gateway.stop(),
  };
}
