/**
 * Linking WhatsApp as a reducer: (state, event) -> state and effects. It decides when a login
 * may start and what follows; what the plane is told and what outlives a restart is derived
 * from it (pairing-view.ts). It knows no clock, gateway or disk.
 *
 * Invariants, tested as properties: a login starts only while the account is known not to be
 * linked, one at a time, and never before the spacing after the last one is over; a code is
 * shown in state `qr` alone and is never part of what is remembered; with another phone than the
 * agent's, nothing ever counts as linked.
 */

import type { WrongPhone } from '../../contracts/pairing.ts';
import {
  ATTEMPT_MS,
  FIRST_CODE_MS,
  FORGET_MS,
  isPause,
  LATER_CODE_MS,
  spacingAfter,
  WAITS_MS,
} from './pairing-schedule.ts';

/**
 * What the gateway says of the account; `unknown` until it said something. `foreign`: linked, with
 * a phone that the agent is not for.
 */
export type Link = 'unknown' | 'unlinked' | 'linked' | 'logged-out' | 'foreign';

/** A login under way in the gateway. */
export interface Attempt {
  /** Milliseconds since the epoch, like every time in here. */
  readonly startedAt: number;
  /** The first code goes to the owner by mail as well. */
  readonly mail: boolean;
  /** A code was shown, so that WhatsApp knows of this attempt. */
  readonly shown: boolean;
}

/** What is kept on the data disk. No code, no whole number. */
export interface PairingMemory {
  readonly failures: number;
  /** No login starts before. */
  readonly notBefore: number;
  /** Id of the newest request seen; only a change counts. */
  readonly request: string;
  readonly attempt?: Attempt;
  /** Somebody asked, first `at`, for an attempt that has not started. */
  readonly wanted?: { readonly mail: boolean; readonly at: number };
  /** When the account was last linked; undefined while it is not. */
  readonly linkedAt?: number;
  /** The plane accepted the report of `linkedAt`. */
  readonly reported: boolean;
  /** The last attempt ended with a scan by another phone. */
  readonly wrongPhone?: WrongPhone;
  /** The agent was given another number: the link that was taken back was its own until then. */
  readonly numberChanged?: true;
}

export interface PairingMachine extends PairingMemory {
  readonly link: Link;
  readonly code?: { readonly qr: string; readonly until: number };
  /** The last attempt ended without a link. */
  readonly ended: boolean;
  /** The attempt is an earlier run's: how old its next code is, nobody knows. */
  readonly resumed: boolean;
}

export type PairingEvent =
  /** The plane's metadata holds this request. */
  | { readonly type: 'request'; readonly id: string }
  /** The owner replied "connect" by mail. */
  | { readonly type: 'reply' }
  | { readonly type: 'link'; readonly link: Exclude<Link, 'unknown' | 'foreign'> }
  /** Linked with another phone; `login`: that is how the login under way ended. */
  | { readonly type: 'foreign'; readonly wrongPhone: WrongPhone; readonly login: boolean }
  | { readonly type: 'code'; readonly qr: string }
  | { readonly type: 'connected' }
  /** The login is over, for whatever reason, without a link. */
  | { readonly type: 'ended' }
  | { readonly type: 'reported'; readonly linkedAt: number }
  | { readonly type: 'tick' };

export type PairingEffect =
  /** `resume`: the gateway may still hold the login of an earlier run of ours. */
  | { readonly type: 'login'; readonly resume: boolean }
  | { readonly type: 'mail'; readonly qr: string; readonly until: number }
  /** Take the link back, from WhatsApp and from the disk. */
  | { readonly type: 'unlink' }
  /** Somebody should know; of a number that was changed, the channel's watch tells. */
  | { readonly type: 'tell'; readonly wrongPhone: WrongPhone; readonly at: number };

export interface Reduced {
  readonly machine: PairingMachine;
  readonly effects: readonly PairingEffect[];
}

export const FRESH_MEMORY: PairingMemory = {
  failures: 0,
  notBefore: 0,
  request: '',
  reported: false,
};

const still = (machine: PairingMachine): Reduced => ({ machine, effects: [] });

type Optional = 'attempt' | 'code' | 'wanted' | 'linkedAt' | 'wrongPhone' | 'numberChanged';

/** Without optional properties that would be undefined. */
function without<K extends Optional>(
  machine: PairingMachine,
  ...keys: readonly K[]
): PairingMachine {
  const copy: Record<string, unknown> = { ...machine };
  for (const key of keys) delete copy[key];
  return copy as unknown as PairingMachine;
}

/** Starts what is wanted as soon as it may. */
function start(machine: PairingMachine, at: number): Reduced {
  const { wanted, attempt, link, notBefore } = machine;
  const free = link === 'unlinked' || link === 'logged-out';
  if (!wanted || attempt || !free || at < notBefore) {
    return still(machine);
  }
  const forgotten = at >= notBefore + FORGET_MS ? { failures: 0 } : {};
  return {
    machine: {
      ...without(machine, 'wanted', 'code'),
      ...forgotten,
      ended: false,
      resumed: false,
      attempt: { startedAt: at, mail: wanted.mail, shown: false },
    },
    effects: [{ type: 'login', resume: false }],
  };
}

/** Somebody asks. During a pause nothing is kept for later: a code would come to nobody. */
function ask(machine: PairingMachine, mail: boolean, at: number): Reduced {
  if (machine.link === 'linked') return still(machine);
  if (isPause(machine.failures) && at < machine.notBefore) return still(machine);
  // The page shows the codes of an attempt under way; a mail wants a first code of its own.
  if (machine.attempt && !mail) return still(machine);
  const { wanted } = machine;
  const both = { mail: mail || wanted?.mail === true, at: wanted?.at ?? at };
  return start({ ...machine, wanted: both }, at);
}

/**
 * Whether a reply "connect" would be acted upon now. The plane counts each that it tells of once, so
 * none may be asked for that would be dropped.
 */
export function heedsReplies({ link, attempt, failures, notBefore }: PairingMachine, at: number) {
  const free = link === 'unlinked' || link === 'logged-out';
  return free && !attempt && !(isPause(failures) && at < notBefore);
}

function showCode(machine: PairingMachine, qr: string, at: number): Reduced {
  const { attempt } = machine;
  if (!attempt) return still(machine);
  const first = !attempt.shown && !machine.resumed;
  // A busy machine hands the first code on late (10 s were seen): it lives from when it was asked for.
  const until = first ? attempt.startedAt + FIRST_CODE_MS : at + LATER_CODE_MS;
  return {
    machine: { ...machine, attempt: { ...attempt, shown: true }, code: { qr, until } },
    effects: attempt.mail && first ? [{ type: 'mail', qr, until }] : [],
  };
}

function linked(machine: PairingMachine, at: number): Reduced {
  const known = machine.link === 'linked' || machine.linkedAt !== undefined;
  const rest = without(machine, 'attempt', 'code', 'wanted', 'wrongPhone', 'numberChanged');
  return still({
    ...rest,
    link: 'linked',
    failures: 0,
    notBefore: 0,
    ended: false,
    linkedAt: machine.linkedAt ?? at,
    reported: known && machine.reported,
  });
}

function end(machine: PairingMachine, at: number): Reduced {
  const { attempt } = machine;
  if (!attempt) return still(machine);
  const failures = machine.failures + (attempt.shown ? 1 : 0);
  const notBefore = at + spacingAfter(failures);
  const rest = without(
    machine,
    'attempt',
    'code',
    ...(attempt.shown ? ['wrongPhone' as const] : []),
  );
  const over = { ...rest, failures, notBefore, ended: true };
  return still(isPause(failures) ? without(over, 'wanted') : over);
}

/** Undone, and again until the gateway says that it is; one scan counts once, however often it is seen. */
function refuse(
  machine: PairingMachine,
  { wrongPhone, login }: Extract<PairingEvent, { type: 'foreign' }>,
  at: number,
): Reduced {
  // A login writes credentials before it is done: its own answer counts, not what it leaves.
  if (machine.attempt && !login) return still(machine);
  const undo: PairingEffect = { type: 'unlink' };
  if (machine.link === 'foreign' && !machine.numberChanged) {
    return { machine: { ...machine, wrongPhone }, effects: [undo] };
  }
  // Nobody scanned: the phone is the one that it was for. Counted and told of as no scan is.
  if (!login && (machine.linkedAt !== undefined || machine.numberChanged)) {
    const changed = { ...without(machine, 'linkedAt'), numberChanged: true as const };
    const over = { ...changed, link: 'foreign' as const, reported: false, ended: true };
    return { machine: over, effects: [undo] };
  }
  const failures = machine.failures + 1;
  const over: PairingMachine = {
    ...without(machine, 'attempt', 'code', 'linkedAt', 'numberChanged'),
    ...{ link: 'foreign', reported: false, ended: true },
    ...{ failures, notBefore: at + spacingAfter(failures), wrongPhone },
  };
  // Whoever scanned is at the page, and wants the next code.
  const next = machine.attempt ? { ...over, wanted: { mail: false, at } } : over;
  return {
    machine: isPause(failures) ? without(over, 'wanted') : next,
    effects: [undo, { type: 'tell', wrongPhone, at }],
  };
}

function learn(
  machine: PairingMachine,
  link: Exclude<Link, 'unknown' | 'foreign'>,
  at: number,
): Reduced {
  // A login writes credentials before it is done: its own answer counts, not what it leaves.
  if (machine.attempt) return still(machine.link === 'unknown' ? { ...machine, link } : machine);
  if (link === 'linked') return linked(machine, at);
  return start({ ...without(machine, 'linkedAt'), link, reported: false }, at);
}

/** @param at milliseconds since the epoch; never goes back */
export function reducePairing(machine: PairingMachine, event: PairingEvent, at: number): Reduced {
  switch (event.type) {
    case 'request':
      if (event.id === machine.request) return still(machine);
      return ask({ ...machine, request: event.id }, false, at);
    case 'reply':
      return ask(machine, true, at);
    case 'link':
      return learn(machine, event.link, at);
    case 'code':
      return showCode(machine, event.qr, at);
    case 'foreign':
      return refuse(machine, event, at);
    case 'connected':
      return linked(without(machine, 'linkedAt'), at);
    case 'ended':
      return end(machine, at);
    case 'reported':
      return still({ ...machine, reported: event.linkedAt === machine.linkedAt });
    case 'tick':
      return start(machine, at);
  }
}

/** Takes up what an earlier run left: its login may still be alive in the gateway. */
export function resumePairing(memory: PairingMemory, at: number): Reduced {
  const known: PairingMachine = { ...memory, link: 'unknown', ended: false, resumed: false };
  const { attempt, wanted } = memory;
  const machine = wanted && at >= wanted.at + WAITS_MS ? without(known, 'wanted') : known;
  if (!attempt) return still(machine);
  if (at >= attempt.startedAt + ATTEMPT_MS) return end(machine, at);
  return { machine: { ...machine, resumed: true }, effects: [{ type: 'login', resume: true }] };
}
