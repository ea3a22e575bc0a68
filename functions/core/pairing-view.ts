/**
 * What the pairing page shows: a pure function of the link, of what Google knows of the agent,
 * and of the time. Nothing here, and nothing that merely looks, starts an attempt.
 */

import type { Pairing } from '../../contracts/pairing.ts';
import { METADATA_PAIRING_REQUEST } from '../../contracts/pairing.ts';
import type { PairingView } from '../../contracts/pairing-page.ts';
import { channelOf, isLinked, parseChannel } from './channel.ts';
import { ANNOTATION_CHANNEL, ANNOTATION_LINK, type Observed } from './observed.ts';
import type { LinkClaims } from './pairing-link.ts';

/** How long the VM may take to answer a request before a new one is worth while. */
const UNANSWERED_MS = 45_000;
/** A gateway takes seconds to give its first code; an attempt that says nothing for so long is dead. */
const STARTING_MAX_MS = 60_000;
/** Between a code that ran out and the next one, which is on its way. */
const ROTATION_MAX_MS = 10_000;
/** A code that lives no longer than this is not worth aiming a phone at. */
const LAST_MOMENT_MS = 1000;

/** An id of a request, which carries when it was made: only a change of it counts. */
export const newRequestId = (now: number, random: string): string =>
  `${now.toString(36)}-${random.replace(/[^\w]/g, '').slice(0, 16)}`;

const madeAt = (id: string): number => Number.parseInt(id.split('-')[0] ?? '', 36) || 0;

type Annotations = Readonly<Record<string, string>>;

/** The part that a link alone decides. Undefined: it is in force. */
export function deadLink(
  claims: LinkClaims,
  annotations: Annotations | undefined,
  now: number,
): PairingView | undefined {
  if (annotations === undefined) return { state: 'dead', why: 'unknown' };
  if (claims.generation !== annotations[ANNOTATION_LINK]) {
    const note = parseChannel(annotations[ANNOTATION_CHANNEL]);
    const used = isLinked(channelOf(note, undefined));
    return used ? { state: 'connected' } : { state: 'dead', why: 'replaced' };
  }
  return claims.exp * 1000 <= now ? { state: 'dead', why: 'expired' } : undefined;
}

/** Google shows written metadata after seconds: who has asked may know of a newer request. */
const newer = (a: string | undefined, b: string | undefined): string | undefined =>
  a && (!b || madeAt(a) >= madeAt(b)) ? a : b;

/**
 * @param now milliseconds since the epoch
 * @param asked the request that this visitor has made
 */
export function viewOf(
  claims: LinkClaims,
  observed: Observed,
  now: number,
  asked?: string,
): PairingView {
  const annotations = observed.configSecret?.annotations;
  const dead = deadLink(claims, annotations, now);
  if (dead) return dead;
  const { instance } = observed;
  const pairing = sinceBoot(observed);
  const note = parseChannel(annotations?.[ANNOTATION_CHANNEL]);
  if (isLinked(channelOf(note, pairing))) return { state: 'connected' };
  if (!instance || ['PROVISIONING', 'STAGING', 'PENDING', 'REPAIRING'].includes(instance.status)) {
    return { state: 'asleep', why: 'booting' };
  }
  if (instance.status !== 'RUNNING') return { state: 'asleep', why: 'stopped' };
  if (!pairing) return { state: 'asleep', why: 'booting' };
  return attempt(pairing, newer(instance.metadata[METADATA_PAIRING_REQUEST], asked), now);
}

/** Guest attributes can outlive a stop: what was written before this boot says nothing about it. */
function sinceBoot({ instance, pairing }: Observed): Pairing | undefined {
  const started = Date.parse(instance?.startedAt ?? '') || 0;
  return pairing && Date.parse(pairing.at) >= started ? pairing : undefined;
}

function attempt(pairing: Pairing, request: string | undefined, now: number): PairingView {
  const { wrongPhone } = pairing;
  return { ...stageOf(pairing, request, now), ...(wrongPhone && { wrongPhone }) };
}

type Stage = Extract<PairingView, { wrongPhone?: unknown }>;

function stageOf(pairing: Pairing, request: string | undefined, now: number): Stage {
  const { retryAt } = pairing;
  const pauseMs = pairing.state === 'paused' ? Date.parse(retryAt ?? '') - now : 0;
  if (retryAt && pauseMs > 0) return { state: 'paused', retryAt, leftMs: pauseMs };
  const code = pairing.state === 'qr' ? codeOf(pairing, now) : undefined;
  if (code?.state === 'code') return code;
  if (request && request !== pairing.request && now - madeAt(request) < UNANSWERED_MS) {
    return { state: 'working' };
  }
  if (pairing.state === 'starting') {
    return now - Date.parse(pairing.at) < STARTING_MAX_MS
      ? { state: 'working' }
      : { state: 'idle' };
  }
  return code ?? { state: 'idle' };
}

function codeOf({ qr, until = '' }: Pairing, now: number): Stage {
  const leftMs = Date.parse(until) - now;
  if (qr && leftMs > LAST_MOMENT_MS) return { state: 'code', qr, code: until, leftMs };
  return leftMs > -ROTATION_MAX_MS ? { state: 'working' } : { state: 'idle' };
}

/**
 * Whether somebody who shows this code needs no other look at the VM: Google answers ten
 * questions a minute about a VM's guest attributes, so they are asked when a code changes.
 * @param code as the page got it
 */
export function stillGood(code: string | undefined, now: number): PairingView | undefined {
  const leftMs = Date.parse(code ?? '') - now;
  return leftMs > LAST_MOMENT_MS && leftMs <= 60_000 ? { state: 'same', leftMs } : undefined;
}
