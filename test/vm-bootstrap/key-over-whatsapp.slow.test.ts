/**
 * The owner's key over WhatsApp (and a message that WhatsApp held back), with the real OpenClaw and its WhatsApp plugin linked to a
 * local WhatsApp: the owner's own account (`linked`), and a number of the agent's own.
 */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fingerprintOf } from '../../local/model/server.ts';
import type { Phone } from '../../local/whatsapp/phone.ts';
import { createWhatsapp, type Whatsapp } from '../../local/whatsapp/server.ts';
import { OWN } from './support/cloud.ts';
import { type RunningAgent, startAgent } from './support/running-agent.ts';
import { tracesOf } from './support/traces.ts';

const OWNER = '+15551234567';
const NUMBER = '+15559876543';
const KEYS = {
  shared: 'sk-ant-api03-shared-3b1c9f7e5dQw8Er',
  own: 'sk-ant-api03-own-a7d2e8c4b6Zx9Cv5Bn1Mq3Lw7',
  refused: 'sk-ant-api03-refused-9a8b7c6d5eFg3Hj7Kl1',
  old: 'sk-ant-api03-old-c3e5g7i9kLm1Np3Qr5St7Uv9',
} as const;

/** Only ends a wait for what never comes: a gateway that starts beside another's on two cores takes its time. */
const GUARD_MS = 180_000;
/** For what surrounds the guards of a test. */
const REST_MS = 60_000;

interface ChannelsStatus {
  readonly channels?: { readonly whatsapp?: { readonly connected?: boolean } };
}

describe.each([
  ['linked', OWNER, {}, 20_470, /I deleted your message/],
  ['dedicated', NUMBER, { whatsappNumber: NUMBER }, 20_490, /Please delete your message/],
] as const)('mode %s', (mode, number, document, port, about) => {
  let whatsapp: Whatsapp;
  let server: Server;
  let agent: RunningAgent;
  let owner: Phone;

  beforeAll(async () => {
    // As slow as WhatsApp may be: what it held back is decrypted before the login is done.
    whatsapp = createWhatsapp({ now: Date.now, settings: { keyCheckMs: 500 } });
    server = createServer(whatsapp.listener).on('upgrade', whatsapp.upgrade);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws/chat`;
    agent = await startAgent({
      port,
      keys: [KEYS.shared, KEYS.own, KEYS.old],
      document,
      env: { OPENCLAW_WHATSAPP_WEB_SOCKET_URL: url },
    });
    owner = whatsapp.phone(OWNER);
    const login = (await agent.call('web.login.start', {
      channel: 'whatsapp',
      timeoutMs: 30_000,
    })) as { qrDataUrl: string };
    const phone = whatsapp.phone(number);
    await phone.scan(login.qrDataUrl);
    const linked = await agent.call('web.login.wait', {
      channel: 'whatsapp',
      timeoutMs: 25_000,
      currentQrDataUrl: login.qrDataUrl,
    });
    expect(linked).toMatchObject({ connected: true });
    // Not the login's own connection, which is there first: what is written to it is history
    // to the channel that starts after it, and OpenClaw answers no history.
    await agent.until(async () => {
      const status = (await agent.call('channels.status', {})) as ChannelsStatus;
      return status.channels?.whatsapp?.connected || undefined;
    }, GUARD_MS);
  }, 300_000 + GUARD_MS);

  afterAll(async () => {
    await agent.close();
    await whatsapp.close();
    server.closeAllConnections();
    server.close();
  }, 240_000);

  const send = (text: string) =>
    number === OWNER ? owner.sendToSelf(text) : owner.send(number, text);
  /** What the agent wrote after the message with this id. */
  const answerTo = (id: string): Promise<string> =>
    owner.until(
      'an answer',
      ({ messages }) => {
        const at = messages.findIndex((one) => one.id === id);
        return messages.slice(at + 1).find(({ device, from }) => device > 0 || from !== OWNER)
          ?.text;
      },
      GUARD_MS,
    );

  test(
    'before: the agent answers, on the shared key',
    async () => {
      expect(await answerTo(await send('Good morning!'))).toContain('Good morning!');
      expect(agent.lastKey()).toBe(fingerprintOf(KEYS.shared));
    },
    GUARD_MS + REST_MS,
  );

  test(
    'the key is in use, the message gone where WhatsApp allows it, the link never cut',
    async () => {
      const [before] = whatsapp.phone(number).devices;
      const turns = agent.asked.length;
      const startedAt = Date.now();
      const id = await send(`Here it is: ${KEYS.own}`);
      const answer = await answerTo(id);
      process.stdout.write(`${mode}: answered after ${Date.now() - startedAt} ms\n`);
      expect(answer).toMatch(/^All set! Your key works and is stored, and I'm switching to it/);
      expect(answer).toMatch(about);
      expect(await agent.cloud.versions(OWN)).toEqual(['1 ENABLED']);
      expect(agent.asked).toHaveLength(turns);
      const message = owner.messages.find((one) => one.id === id);
      expect(message?.revoked).toBe(mode === 'linked');

      await agent.keyInUse('own 1');
      expect(await answerTo(await send('And now?'))).toContain('And now?');
      expect(agent.lastKey()).toBe(fingerprintOf(KEYS.own));
      expect(JSON.stringify(agent.asked.at(-1))).toContain('Good morning!');
      expect(JSON.stringify(agent.asked)).toContain('has just sent their own API key');
      expect(whatsapp.phone(number).devices).toMatchObject([
        { logins: before?.logins, connected: true },
      ]);
      expect(agent.gateway.exitCode).toBeNull();
    },
    2 * GUARD_MS + 2 * REST_MS,
  );

  test(
    'an answer to an old message with a key is answered itself: the key in it goes nowhere',
    async () => {
      const id = await owner.answer(
        number,
        `My key is ${KEYS.old}, my room B12.`,
        'That is the old one, I delete it. And remind me to call Bob at 5!',
      );
      expect(await answerTo(id)).toContain('remind me to call Bob at 5');
      expect(await agent.cloud.versions(OWN)).toEqual(['1 ENABLED']);
      expect(owner.messages.find((one) => one.id === id)?.revoked).toBe(false);
      expect(JSON.stringify(agent.asked.at(-1))).toContain(
        'My key is [API key removed], my room B12.',
      );
    },
    GUARD_MS + REST_MS,
  );

  test(
    'a key that its provider refuses changes nothing',
    async () => {
      const answer = await answerTo(await send(KEYS.refused));
      expect(answer).toMatch(/^Anthropic doesn't accept that key/);
      expect(await agent.cloud.versions(OWN)).toEqual(['1 ENABLED']);
    },
    GUARD_MS + REST_MS,
  );

  test(
    'what is written while the channel is down is answered once, when it is up again',
    async () => {
      await agent.call('channels.stop', { channel: 'whatsapp' });
      const id = await send('Are you away?');
      await agent.call('channels.start', { channel: 'whatsapp' });
      expect(await answerTo(id)).toContain('Are you away?');
      await answerTo(await send('And now?'));
      const answers = owner.messages.filter(
        (one) => one.id !== id && one.text.includes('Are you away?'),
      );
      expect(answers).toHaveLength(1);
    },
    2 * GUARD_MS + REST_MS,
  );

  test('no file of the machine holds a key, and no model was shown one', async () => {
    const keys = [KEYS.own, KEYS.refused, KEYS.old];
    const traces = () => tracesOf(keys, agent.machine.root, '/tmp/openclaw');
    await agent.until(() => traces().length === 0 || undefined, 30_000).catch(() => {});
    expect(traces()).toEqual([]);
    expect(JSON.stringify(agent.asked)).not.toMatch(new RegExp(keys.join('|')));
  }, 60_000);
});
