/** The operator's commands beside the running service: check, send, status, dead letters. */

import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { PlaneError } from '../../contracts/plane-error.ts';
import { composeHandler, composeTransport } from '../compose.ts';
import type { BridgeConfig } from '../config/schema.ts';
import { splitText } from '../format/split.ts';
import { maskNumber, normaliseNumber } from '../guard/number.ts';
import { laneOf, type Sender } from '../message.ts';
import { channelHealth } from '../observe/channel.ts';
import { depthOf } from '../observe/health-server.ts';
import { createLog } from '../observe/log.ts';
import { shortKey } from '../observe/short-key.ts';
import type { BridgeStore } from '../pipeline/receive.ts';
import type { Finding } from '../ports.ts';
import { hasDatabase } from '../store/database.ts';
import { openStore } from '../store/store.ts';
import { checkTranscribe } from '../transcribe/check.ts';
import { checkFunnel } from '../transports/tailscale.ts';
import { WEBHOOK_PATH } from '../transports/webhook-server.ts';

const LIST_LIMIT = 100;

const said = z.looseObject({ channel: channelHealth });

export interface DeadLine {
  /** `in:12` or `out:7`: what `retry` and `drop` take. */
  readonly id: string;
  /** As the log has it. */
  readonly message: string;
  readonly conversation: string;
  readonly attempts: number;
  readonly at: string;
  readonly why: string;
}

/** Looks into what a bridge left; makes nothing where none ever ran. @throws PlaneError NOT_FOUND */
async function withFound<T>(dir: string, work: (store: BridgeStore) => T): Promise<T> {
  if (hasDatabase(dir)) return withStore(dir, work);
  const message = `No bridge has run with its state in ${dir}: state.dir of the settings says where it is.`;
  throw new PlaneError('NOT_FOUND', message);
}

/** Opens the state beside the service, for the length of `work`. */
async function withStore<T>(dir: string, work: (store: BridgeStore) => T | Promise<T>): Promise<T> {
  const store: BridgeStore = openStore({ dir, exclusive: false });
  try {
    return await work(store);
  } finally {
    store.close();
  }
}

const maskLane = (lane: string): string => {
  const [transport = '', ...sender] = lane.split(':');
  return `${transport}:${maskNumber(sender.join(':'))}`;
};

/**
 * Every credential and address that the settings name, tried for real.
 * @param env for programs that are started
 */
export async function check(
  config: BridgeConfig,
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  try {
    found.push(...(await composeTransport(config, createLog('error')).check()));
  } catch (error) {
    if (!(error instanceof PlaneError)) throw error;
    found.push({ what: 'WhatsApp settings', ok: false, detail: error.message });
  }
  if (config.delivery.mode === 'tailscale') found.push(await checkFunnel(env, WEBHOOK_PATH));
  found.push(...(await composeHandler(config).check()));
  found.push(...(await checkTranscribe(config.transcribe, env)));
  const { mode, roles, allowed_numbers: allowed } = config.security;
  const somebody = mode === 'open' || Object.values(roles).flat().length + allowed.length > 0;
  found.push({
    what: 'Who may write',
    ok: somebody,
    detail: somebody ? mode : 'nobody: set KAPSO_ALLOWED_NUMBERS or [security.roles]',
  });
  return found;
}

const ASK_TIMEOUT_MS = 3_000;

/** What the running service knows of its channel: nobody else made its calls. */
async function channelNow({ health }: BridgeConfig): Promise<object> {
  const unknown = (detail: string) => ({ state: 'unknown', detail });
  if (health.addr === '') return unknown('health.addr is empty: the bridge cannot be asked.');
  try {
    const signal = AbortSignal.timeout(ASK_TIMEOUT_MS);
    const answer = await fetch(`http://${health.addr}/health`, { signal });
    return said.parse(await answer.json()).channel;
  } catch {
    return unknown(`No bridge answers at ${health.addr}: is it running?`);
  }
}

/** What is open and dead, from the disk, and how the channel is. */
export async function status(config: BridgeConfig, dir: string): Promise<object> {
  const depth = await withFound(dir, (store) => depthOf(store, Date.now()));
  return { channel: await channelNow(config), ...depth };
}

/**
 * Puts a message into the outbox; the running service sends it, in order with its other messages to
 * the same person.
 * @returns how many messages it became
 */
export async function send(
  config: BridgeConfig,
  dir: string,
  to: string,
  text: string,
): Promise<number> {
  const number = normaliseNumber(to);
  const isNumber = /^\d{7,15}$/.test(number);
  if (!isNumber && !/^[A-Z]{2,3}\./.test(number)) {
    throw new PlaneError('INVALID_ARGUMENT', `"${to}" is neither a phone number nor a user id.`);
  }
  const parts = splitText(text);
  if (parts.length === 0) throw new PlaneError('INVALID_ARGUMENT', 'There is nothing to send.');
  const transport = composeTransport(config, createLog('error')).name;
  const sender: Sender = { id: number, ...(isNumber && { phone: `+${number}` }) };
  const id = randomUUID();
  return await withStore(dir, async (store) => {
    await store.commit(() => {
      for (const [index, part] of parts.entries()) {
        store.outbox.add({
          key: `${transport}:send:${id}/${index}`,
          lane: laneOf(transport, sender),
          at: Date.now(),
          payload: {
            transport,
            to: sender,
            content: { kind: 'text', text: part, markup: 'plain' },
            whenUnsure: 'repeat',
          },
        });
      }
    });
    return parts.length;
  });
}

export const deadList = (dir: string): Promise<DeadLine[]> =>
  withFound(dir, ({ inbox, outbox }) =>
    (
      [
        ['in', inbox],
        ['out', outbox],
      ] as const
    ).flatMap(([side, queue]) =>
      queue.dead(LIST_LIMIT).map(({ seq, key, lane, attempts, endedAt, note }) => ({
        id: `${side}:${seq}`,
        message: shortKey(key),
        conversation: maskLane(lane),
        attempts,
        at: new Date(endedAt).toISOString(),
        why: note,
      })),
    ),
  );

/** @throws PlaneError NOT_FOUND. */
export async function deadChange(dir: string, id: string, what: 'retry' | 'drop'): Promise<void> {
  const [, side, seq] = /^(in|out):(\d+)$/.exec(id) ?? [];
  const done = await withFound(dir, ({ inbox, outbox, commit }) => {
    const queue = side === 'in' ? inbox : side === 'out' ? outbox : undefined;
    if (!queue) return false;
    return commit(() =>
      what === 'retry' ? queue.revive(Number(seq), Date.now()) : queue.drop(Number(seq)),
    );
  });
  if (!done)
    throw new PlaneError(
      'NOT_FOUND',
      `There is no dead letter ${id}, or nothing of it to try again: what WhatsApp took and did not deliver has no text here any more (drop it). See: bridge dead list`,
    );
}
