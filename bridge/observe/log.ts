/**
 * Log lines: JSON by pino, each with a short id of the message and its conversation. Numbers are masked,
 * texts are not there to begin with: an event of the pipeline has none.
 */

import { type DestinationStream, type Logger, pino } from 'pino';
import { maskNumber } from '../guard/number.ts';
import type { Observer, PipelineEvent } from '../pipeline/events.ts';
import { shortKey } from './short-key.ts';

export type BridgeLog = Logger;

/** @param destination where lines go; standard output when left out */
export const createLog = (level: string, destination?: DestinationStream): BridgeLog =>
  pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    destination as DestinationStream,
  );

/** `kapso:15551234567` -> `kapso:+1555•••4567` */
function maskLane(lane: string): string {
  const at = lane.indexOf(':');
  return `${lane.slice(0, at + 1)}${maskNumber(lane.slice(at + 1))}`;
}

/** Digits that look like a number, in words that come from elsewhere (an error's text). */
const maskText = (text: string): string =>
  text.replace(/\+?\d{8,15}/g, (found) => maskNumber(found));

const LEVELS: Readonly<Record<PipelineEvent['type'], 'debug' | 'info' | 'warn' | 'error'>> = {
  received: 'info',
  handled: 'info',
  'handler-again': 'warn',
  'handler-away': 'warn',
  'handler-dead': 'error',
  sent: 'info',
  'send-again': 'warn',
  'send-rest': 'warn',
  'send-dead': 'error',
  'send-interrupted': 'warn',
  confirmed: 'debug',
  'send-failed': 'error',
  broken: 'error',
};

/** @returns writes a line for each event */
export const logEvents =
  (log: BridgeLog): Observer =>
  (event) => {
    // Each poll brings again what the one before it brought: no line for every one of them.
    const isKnown = event.type === 'received' && event.verdict === 'duplicate';
    const level = isKnown ? 'debug' : LEVELS[event.type];
    if (!log.isLevelEnabled(level)) return;
    if (event.type === 'broken') {
      log.error({ err: event.error }, 'the state cannot be written; the bridge ends');
      return;
    }
    const { type, key, ...rest } = event;
    const conversation = 'lane' in rest ? { conversation: maskLane(rest.lane) } : {};
    const note = 'note' in rest && rest.note ? { note: maskText(rest.note) } : {};
    const { lane: _lane, ...facts } = { lane: '', ...rest };
    log[level]({ message: shortKey(key), ...facts, ...conversation, ...note }, type);
  };
