/**
 * `agent pair` (agents-plane-pairing.service): links WhatsApp when the plane or the owner asks
 * for it. Drives `core/pairing.ts`; a code goes into a guest attribute, over the one before,
 * and nowhere else: not to the disk, not to the journal.
 */

import { GUEST_NAMESPACE } from '../../contracts/instance-metadata.ts';
import { GUEST_KEY_PAIRING, type Pairing } from '../../contracts/pairing.ts';
import { codeOf } from '../../contracts/plane-error.ts';
import { VM_API_PATHS } from '../../contracts/vm-api.ts';
import type { Layout } from '../core/layout.ts';
import {
  type PairingEffect,
  type PairingEvent,
  type PairingMachine,
  reducePairing,
  resumePairing,
} from '../core/pairing.ts';
import { nextTick, pairingView, remembered } from '../core/pairing-view.ts';
import type { Gateway } from '../gateway.ts';
import { setGuestAttribute } from '../google/metadata.ts';
import { callPlane } from '../google/plane.ts';
import type { Host } from '../host.ts';
import { greetOnce, reportLinks, tellWrongPhone } from '../pairing/aftercare.ts';
import { readChannel } from '../pairing/channel.ts';
import { createInbox } from '../pairing/inbox.ts';
import { LOGIN_CONNECTION_MS, login } from '../pairing/login.ts';
import {
  eventOf,
  type Listener,
  watchLink,
  watchReplies,
  watchRequests,
} from '../pairing/sources.ts';
import { type PairingStore, pairingStore } from '../pairing/store.ts';
import { type Surroundings, surroundingsOf } from '../pairing/surroundings.ts';
import { UNLINK_CONNECTION_MS, unlink } from '../pairing/unlink.ts';
import { keepChannelUp } from '../pairing/watch-channel.ts';
import { tryWrite } from '../state-file.ts';

/** At most this long without looking at the clock; a failed publication is tried again by then. */
const IDLE_MS = 30_000;
const PUBLISH_AGAIN_MS = 2_000;
/** Credentials that were written just now may still be settling. */
const LOOKS = 20;
const LOOK_MS = 250;

/** Nothing counts as linked before it is known whose phone it was. */
async function whoseLink(
  rpc: Gateway,
  { host, settings: { linkedPhone } }: Surroundings,
): Promise<PairingEvent> {
  for (let look = 0; look < LOOKS; look++) {
    const event = eventOf(await readChannel(rpc, linkedPhone), linkedPhone, true);
    if (event && event.type !== 'link') return event;
    await host.sleep(LOOK_MS);
  }
  return { type: 'ended' };
}

async function undoLink({ host, gateway, settings }: Surroundings): Promise<void> {
  try {
    await gateway((rpc) => unlink(rpc, settings.linkedPhone), UNLINK_CONNECTION_MS);
    host.log('agent pair: the link with another phone is undone');
  } catch (error) {
    // The link is looked at every second until it is gone.
    host.log(`agent pair: another phone's link is not undone yet (${codeOf(error)})`);
  }
}

async function runLogin(
  surroundings: Surroundings,
  resume: boolean,
  put: Listener['put'],
): Promise<void> {
  const { host, gateway } = surroundings;
  try {
    await gateway(async (rpc) => {
      for await (const event of login(rpc, resume, performance.now.bind(performance))) {
        put(event.type === 'connected' ? await whoseLink(rpc, surroundings) : event);
      }
    }, LOGIN_CONNECTION_MS);
  } catch (error) {
    host.log(`agent pair: the gateway broke off the login (${codeOf(error)})`);
    put({ type: 'ended' });
  }
}

async function mailCode({ host, facts }: Surroundings, qr: string, until: number): Promise<void> {
  try {
    const body = { qr, until: new Date(until).toISOString() };
    await callPlane(host, facts.planeUrl, VM_API_PATHS.pairingMail, body);
  } catch (error) {
    // The code dies in a minute; the owner can ask for another.
    host.log(`agent pair: the code was not mailed (${codeOf(error)})`);
  }
}

/** Publishes on change; a copy without the code is left for `agent status`. */
function publisher({ host, layout }: Surroundings) {
  let last = '';
  return async (view: Omit<Pairing, 'at'>): Promise<boolean> => {
    const text = JSON.stringify(view);
    if (text === last) return true;
    const value: Pairing = { ...view, at: host.now().toISOString() };
    try {
      await setGuestAttribute(host, GUEST_NAMESPACE, GUEST_KEY_PAIRING, JSON.stringify(value));
      if (JSON.parse(last || '{}').state !== view.state) host.log(`agent pair: ${view.state}`);
      last = text;
      const { qr: _, until: __, ...copy } = value;
      host.write(layout.pairingCopy, JSON.stringify(copy), { mode: 0o644 });
      return true;
    } catch (error) {
      host.log(`agent pair: the state could not be published (${codeOf(error)})`);
      return false;
    }
  };
}

function performer(surroundings: Surroundings, put: Listener['put']) {
  let undoing: Promise<void> | undefined;
  return (effect: PairingEffect): Promise<void> => {
    switch (effect.type) {
      case 'login':
        return runLogin(surroundings, effect.resume, put);
      case 'mail':
        return mailCode(surroundings, effect.qr, effect.until);
      case 'tell':
        return tellWrongPhone(surroundings, effect.wrongPhone, effect.at);
      case 'unlink':
        undoing ??= undoLink(surroundings).finally(() => {
          undoing = undefined;
        });
        return undoing;
    }
  };
}

async function drive(surroundings: Surroundings, store: PairingStore): Promise<never> {
  const { host, layout } = surroundings;
  const inbox = createInbox<PairingEvent>();
  const now = (): number => host.now().getTime();
  let { machine, effects } = resumePairing(store.readMemory(), now());
  const listener: Listener = { put: inbox.put, machine: (): PairingMachine => machine };
  const perform = performer(surroundings, inbox.put);
  const publish = publisher(surroundings);

  // Each of them runs for ever and catches what it can meet.
  void watchRequests(surroundings, listener);
  void watchLink(surroundings, listener);
  void watchReplies(surroundings, listener);
  void reportLinks(surroundings, listener);
  void greetOnce(surroundings, store, listener);
  void keepChannelUp(surroundings, listener);

  let kept = '';
  for (;;) {
    const memory = remembered(machine);
    const text = JSON.stringify(memory);
    const write = () => store.writeMemory(memory);
    if (text !== kept && tryWrite(host, layout.pairingState, 'agent pair', write)) kept = text;
    for (const effect of effects) void perform(effect);
    const said = await publish(pairingView(machine, now()));
    const due = (nextTick(machine, now()) ?? Number.POSITIVE_INFINITY) - now();
    const event = await inbox.take(Math.min(said ? IDLE_MS : PUBLISH_AGAIN_MS, Math.max(due, 0)));
    ({ machine, effects } = reducePairing(machine, event ?? { type: 'tick' }, now()));
  }
}

/**
 * Runs until it is killed.
 * @param credentials $CREDENTIALS_DIRECTORY, where systemd gives one
 */
export async function pairCommand(
  host: Host,
  layout: Layout,
  credentials: string | undefined,
): Promise<never> {
  return drive(surroundingsOf(host, layout, credentials), pairingStore(host, layout));
}
