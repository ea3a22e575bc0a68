/**
 * The first WhatsApp message, once in the agent's life, without the model. Sent with the
 * gateway's `send`, which puts it into the session it belongs to, so that the model finds its
 * own words there when the owner answers.
 *
 * Once: the intent is on the disk before the call, the same idempotency key is used for ever,
 * and after a crash the transcript is asked whether it went out. A gateway that dies between
 * WhatsApp's taking the message and the transcript's line does not know: then it is sent again,
 * under the same id (plugin/greeting.ts), and the phone shows it once (docs/decisions/036).
 */

import type { Gateway } from '../gateway.ts';
import { readChannel } from './channel.ts';
import type { PairingStore } from './store.ts';
import type { Surroundings } from './surroundings.ts';

/** After a crash: OpenClaw's own queue may still deliver what it had taken on. */
const RECOVERY_MS = 15_000;
const LOOK_MS = 1_000;
/** Well within a connection's life. */
const OPEN_WITHIN_MS = 10_000;
const OPEN_LOOK_MS = 200;
/** Messages of the transcript that are looked through; the greeting is among the first of all. */
const HISTORY = 200;
/** Where OpenClaw puts direct messages (`session.dmScope`, its default `main`). */
const MAIN_SESSION = 'agent:main:main';

interface History {
  readonly messages?: readonly { readonly idempotencyKey?: string }[];
}

/** Whether the owner's session holds a message that was sent under this key. */
async function isInTranscript(gateway: Gateway, key: string): Promise<boolean> {
  const history = (await gateway.call('chat.history', {
    sessionKey: MAIN_SESSION,
    limit: HISTORY,
  })) as History;
  return (history.messages ?? []).some(({ idempotencyKey }) => idempotencyKey === key);
}

async function wentOut({ host }: Surroundings, gateway: Gateway, key: string): Promise<boolean> {
  const deadline = host.now().getTime() + RECOVERY_MS;
  for (;;) {
    if (await isInTranscript(gateway, key)) return true;
    if (host.now().getTime() >= deadline) return false;
    await host.sleep(LOOK_MS);
  }
}

/**
 * The channel opens seconds after the scan. Asked on one connection: another handshake for each
 * look would take its time from a gateway that is just opening the channel.
 */
async function opens({ host, settings }: Surroundings, gateway: Gateway): Promise<boolean> {
  const deadline = host.now().getTime() + OPEN_WITHIN_MS;
  while (!(await readChannel(gateway, settings.linkedPhone)).connected) {
    if (host.now().getTime() > deadline) return false;
    await host.sleep(OPEN_LOOK_MS);
  }
  return true;
}

/**
 * @returns true when there is nothing left to do; false while the channel is not open yet
 * @throws PlaneError when the gateway did not take it: call again
 */
export async function greet(surroundings: Surroundings, store: PairingStore): Promise<boolean> {
  const { settings } = surroundings;
  const { greeting, ownerPhone, agent } = settings;
  const record = store.readGreeting();
  const idempotencyKey = `agents-plane-greeting-${agent}`;
  if (greeting === undefined || record?.phase === 'sent') return true;
  return surroundings.gateway(async (gateway) => {
    if (!(await opens(surroundings, gateway))) return false;
    if (record?.phase === 'sending' && (await wentOut(surroundings, gateway, idempotencyKey))) {
      store.writeGreeting('sent');
      return true;
    }
    store.writeGreeting('sending');
    await gateway.call('send', {
      channel: 'whatsapp',
      to: ownerPhone,
      message: greeting,
      idempotencyKey,
    });
    store.writeGreeting('sent');
    return true;
  });
}
