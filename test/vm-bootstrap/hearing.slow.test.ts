/** What our plugin sees of an unmodified Baileys on a local WhatsApp. */

import type { SignalDataTypeMap } from 'baileys';
import { HEARING_METHOD, type Hearing } from '../../vm-bootstrap/core/hearing.ts';
import { tellHearing } from '../../vm-bootstrap/plugin/hearing.ts';
import type { PluginApi } from '../../vm-bootstrap/plugin/openclaw.ts';
import { type Client, memoryAuth } from '../local/whatsapp/client.ts';
import {
  AGENT,
  OWNER,
  openWhatsapp,
  textsOf,
  type WhatsappStage,
} from '../local/whatsapp/stage.ts';

let stage: WhatsappStage;
/** Ends what a test holds up: libsignal's queues are the process's, and the next test would wait for them. */
let release = (): void => {};
afterEach(async () => {
  release();
  await stage.close();
});

/** The method, as the gateway offers it over this client's connection. */
function offered(client: Client): (askPhone: boolean) => Promise<Hearing> {
  const controller = { getCurrentSock: () => client.socket };
  const methods = new Map<string, Parameters<PluginApi['registerGatewayMethod']>[1]>();
  const api = {
    logger: { info: () => {}, warn: () => {} },
    runtime: { channel: { runtimeContexts: { get: () => controller, watch: () => () => {} } } },
    registerGatewayMethod: (name: string, handler: never) => methods.set(name, handler),
  };
  tellHearing(api as unknown as PluginApi);
  return (askPhone) => {
    const { promise, resolve } = Promise.withResolvers<Hearing>();
    const respond = (_: boolean, payload: object) => resolve(payload);
    void methods.get(HEARING_METHOD)?.({ params: { askPhone }, respond });
    return promise;
  };
}

/** Linked, and what a new device is sent has arrived. */
async function linked(auth = memoryAuth()) {
  stage = await openWhatsapp();
  const client = await stage.link(AGENT, auth);
  const phone = stage.whatsapp.phone(AGENT);
  await phone.until('the greeting', () => phone.devices.find(({ pending }) => pending === 0));
  return { client, phone, owner: stage.whatsapp.phone(OWNER), hear: offered(client) };
}

test('messages that are handled, and when the last came', async () => {
  const { client, owner, hear } = await linked();
  expect((await hear(false)).handledAt).toBeGreaterThan(0);
  const from = Date.now();
  await owner.send(AGENT, 'good morning');
  await client.until('the text', () => textsOf(client)[0]);
  const after = await hear(false);
  expect(after.deliveredAt).toBeGreaterThanOrEqual(from);
  expect(after.handledAt).toBeGreaterThanOrEqual(from);
});

test('a message that is never done with holds up the others: that shows, while pings are answered', async () => {
  const auth = memoryAuth();
  const { client, owner, phone, hear } = await linked(auth);
  await hear(false);
  const { get } = auth.keys;
  const stuck = Promise.withResolvers<never>();
  release = () => stuck.reject(new Error('the store is gone'));
  const asked = Promise.withResolvers<void>();
  // Read within libsignal's queue of what comes from that phone.
  auth.keys.get = <T extends keyof SignalDataTypeMap>(type: T, ids: string[]) => {
    if (type !== 'pre-key') return get(type, ids);
    asked.resolve();
    return stuck.promise;
  };
  await owner.send(AGENT, 'can you hear me');
  await asked.promise;
  const [first, from] = [await hear(false), Date.now()];
  expect(await client.socket.fetchBlocklist()).toEqual([]);
  const second = await hear(false);
  expect(second.handledAt).toBe(first.handledAt);
  expect(second.handledAt).toBeLessThan(from);
  // WhatsApp goes on to deliver: what it delivers is not confirmed.
  await owner.send(AGENT, 'hello?');
  const held = () => phone.devices.find(({ pending }) => pending === 2);
  await phone.until('both held', held);
  expect(textsOf(client)).toEqual([]);

  // A new connection of the same process is held up by the same message: libsignal's queues are the process's.
  auth.keys.get = get;
  await client.close();
  const again = stage.connect(auth);
  await phone.until('the next login', () => phone.devices.find(({ logins }) => logins > 1));
  const hearAgain = offered(again);
  const fresh = await hearAgain(false);
  expect(fresh.handledAt).toBeGreaterThan(first.handledAt ?? 0);
  await untilHeldUp(hearAgain);
  expect(await again.socket.fetchBlocklist()).toEqual([]);
  // Once it ends, all are handled.
  release();
  await again.until('both texts', () => textsOf(again).includes('hello?') || undefined);
});

test('the phone is asked: its answer comes as messages do, and in no chat', async () => {
  const { client, phone, hear } = await linked();
  await hear(false);
  const from = Date.now();
  await hear(true);
  await untilDelivered(hear, from);
  expect(phone.messages).toEqual([]);
  expect(textsOf(client)).toEqual([]);
});

test('over a connection that delivers nothing, or from a phone that is off, nothing comes, until the next login', async () => {
  const auth = memoryAuth();
  const { client, phone, hear } = await linked(auth);
  const { deliveredAt } = await hear(false);
  await phone.power(false);
  await hear(true);
  phone.deafen(1, 'messages');
  await phone.power(true);
  await phone.until('the held answer', () => phone.devices.find(({ pending }) => pending > 0));
  expect((await hear(false)).deliveredAt).toBe(deliveredAt);
  const from = Date.now();
  await client.close();
  const again = stage.connect(auth);
  await phone.until('the answer', () =>
    phone.devices.find(({ pending, logins }) => pending === 0 && logins > 1),
  );
  // It was there before anybody listened.
  expect((await offered(again)(false)).deliveredAt).toBeGreaterThanOrEqual(from);
});

/** Looks until an entry in the queue has waited in vain. */
async function untilHeldUp(hear: (askPhone: boolean) => Promise<Hearing>): Promise<void> {
  for (;;) {
    const from = Date.now();
    const { handledAt = from } = await hear(false);
    if (handledAt < from) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Looks until something was delivered, at that time or later. */
async function untilDelivered(
  hear: (askPhone: boolean) => Promise<Hearing>,
  from: number,
): Promise<void> {
  while (((await hear(false)).deliveredAt ?? 0) < from) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
