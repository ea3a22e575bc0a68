import type { Settings } from '../../../local/whatsapp/world.ts';
import { memoryAuth } from './client.ts';
import { AGENT, codeOf, OWNER, openWhatsapp, textsOf, type WhatsappStage } from './stage.ts';

let stage: WhatsappStage;

async function start(settings: Partial<Settings> = {}) {
  stage = await openWhatsapp(settings);
}

afterEach(() => stage.close());

test('what the owner writes to themself reaches the linked device as their own', async () => {
  await start();
  const client = await stage.link(OWNER);
  const phone = stage.whatsapp.phone(OWNER);
  await phone.sendToSelf('note to self');
  const got = await client.until('the note', () =>
    client.received.find(({ message }) => message.message?.conversation === 'note to self'),
  );
  expect(got.message.key).toMatchObject({ fromMe: true, remoteJid: '15551234567@s.whatsapp.net' });
  await client.socket.sendMessage('15551234567@s.whatsapp.net', { text: 'noted' });
  const reply = await phone.until('the reply', () =>
    phone.messages.find(({ text }) => text === 'noted'),
  );
  expect(reply).toMatchObject({ chat: OWNER, fromMe: true, device: 1 });
});

test('reactions, read receipts and "delete for everyone" are on the phone', async () => {
  await start();
  const client = await stage.link(AGENT);
  const owner = stage.whatsapp.phone(OWNER);
  const id = await owner.send(AGENT, 'look at this');
  const { message } = await client.until('the text', () =>
    client.received.find((one) => one.message.key.id === id),
  );
  await client.socket.sendMessage(message.key.remoteJid ?? '', {
    react: { key: message.key, text: '👀' },
  });
  await client.socket.readMessages([message.key]);
  const seen = await owner.until('reaction and receipt', () =>
    owner.messages.find(({ reactions, readAt }) => reactions.length > 0 && readAt),
  );
  expect(seen.reactions).toEqual([{ from: AGENT, emoji: '👀' }]);

  const jid = '15551234567@s.whatsapp.net';
  const sent = await client.socket.sendMessage(jid, { text: 'too much said' });
  await owner.until('the text', () => owner.messages.find(({ text }) => text === 'too much said'));
  await client.socket.sendMessage(jid, { delete: sent?.key ?? {} });
  const gone = await owner.until('the deletion', () =>
    owner.messages.find(({ revoked }) => revoked),
  );
  expect(gone).toMatchObject({ text: '', fromMe: false });
});

test('what came while the device was away comes with its next login, once', async () => {
  await start();
  const auth = memoryAuth();
  const client = await stage.link(AGENT, auth);
  await client.close();
  const agent = stage.whatsapp.phone(AGENT);
  await agent.until('the end', () => agent.devices.find(({ connected }) => !connected));
  const owner = stage.whatsapp.phone(OWNER);
  await owner.send(AGENT, 'one');
  await owner.send(AGENT, 'two');
  const again = stage.connect(auth);
  await again.until('both', () => textsOf(again).includes('two') || undefined);
  expect(textsOf(again)).toEqual(['one', 'two']);
  expect(again.received.map(({ type }) => type)).not.toContain('notify');
  await agent.until('confirmations', () => agent.devices.find(({ pending }) => pending === 0));
});

test('a message that is sent again is shown once under its own id, and twice under another', async () => {
  stage = await openWhatsapp();
  const client = await stage.link(AGENT);
  const owner = stage.whatsapp.phone(OWNER);
  const shown = () => owner.messages.map(({ id }) => id);
  for (const messageId of ['3EB0AA', '3EB0AA', '3EB0BB']) {
    await client.socket.sendMessage('15551234567@s.whatsapp.net', { text: 'hello' }, { messageId });
  }
  await owner.until('the last', () => shown().find((id) => id === '3EB0BB'));
  expect(shown()).toEqual(['3EB0AA', '3EB0BB']);
});

test('codes rotate, a dead one is refused, and the connection ends with the last', async () => {
  await start({ firstCodeMs: 300, laterCodeMs: 200, codes: 3 });
  const client = stage.connect();
  const first = await codeOf(client);
  const phone = stage.whatsapp.phone(AGENT);
  await client.until('the end', () => client.ends[0]);
  await expect(phone.scan(first)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
  await expect(phone.scan('hello')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  expect(phone.devices).toEqual([]);
});

test('too many attempts: "Couldn’t link device", and not a word why', async () => {
  await start({ linkAttempts: 1 });
  const client = await stage.link(AGENT);
  expect(client.ends).toEqual([515]);
  const second = stage.connect();
  const refused = stage.whatsapp.phone(AGENT).scan(await codeOf(second));
  await expect(refused).rejects.toMatchObject({ code: 'RESOURCE_EXHAUSTED' });
});

test('an unlinked device is thrown out with 401, and again when it comes back', async () => {
  await start();
  const auth = memoryAuth();
  const client = await stage.link(AGENT, auth);
  stage.whatsapp.phone(AGENT).unlink(1);
  await client.until('the end', () => client.ends.find((code) => code === 401));
  const again = stage.connect(auth);
  expect(await again.until('the refusal', () => again.ends[0])).toBe(401);
});

test('the same credentials twice: the first connection is replaced (440)', async () => {
  await start();
  const auth = memoryAuth();
  const client = await stage.link(AGENT, auth);
  stage.connect(auth);
  await client.until('the end', () => client.ends.find((code) => code === 440));
});

test('a deaf connection looks open and delivers nothing until the next login', async () => {
  await start();
  const auth = memoryAuth();
  const client = await stage.link(AGENT, auth);
  const agent = stage.whatsapp.phone(AGENT);
  agent.deafen(1, 'messages');
  await stage.whatsapp.phone(OWNER).send(AGENT, 'can you hear me');
  await agent.until('the held message', () => agent.devices.find(({ pending }) => pending > 0));
  // Questions are answered, as a ping is.
  expect(await client.socket.fetchBlocklist()).toEqual([]);
  expect(textsOf(client)).toEqual([]);
  await client.close();
  const again = stage.connect(auth);
  await again.until('the text', () => textsOf(again).includes('can you hear me') || undefined);
});
