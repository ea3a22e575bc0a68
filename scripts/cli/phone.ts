/** `agents-plane local phone ...`: a person at the demo plays a phone on the local WhatsApp. */

import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { callControl } from '../../local/plane/control.ts';
import { phoneDevices, phoneMessages, sentMessage } from '../../local/plane/control-phones.ts';
import { describeFailure } from '../ui/failure.ts';
import { hint } from './output.ts';
import { controlSocket } from './paths.ts';

const LOOK_MS = 300;

const call = (route: string, body: object) => callControl(controlSocket(process.env), route, body);

/** A code is given as its text, as a data URL, or as the name of a PNG file. */
async function readShown(code: string): Promise<string> {
  if (!code.endsWith('.png')) return code;
  return `data:image/png;base64,${(await readFile(code)).toString('base64')}`;
}

async function scan(phone: string, code: string): Promise<void> {
  await call('/phone/scan', { phone, code: await readShown(code) });
  process.stdout.write('Linked.\n');
}

async function send(phone: string, to: string, words: string[]): Promise<void> {
  await call('/phone/send', { phone, to, text: words.join(' ') });
}

type Shown = ReturnType<typeof phoneMessages.parse>['messages'][number];

function line({ from, chat, at, revoked, text, media, reactions }: Shown): string {
  const what = revoked ? '(deleted)' : [media && `[${media}]`, text].filter(Boolean).join(' ');
  const emojis = reactions.map(({ emoji }) => emoji).join('');
  const head = `${at.slice(11, 19)} ${from} (${chat})`;
  return [head, what, emojis].filter(Boolean).join('  ');
}

async function messages(phone: string, options: { json?: boolean }): Promise<void> {
  const answer = phoneMessages.parse(await call('/phone/messages', { phone }));
  const text = options.json ? JSON.stringify(answer) : answer.messages.map(line).join('\n');
  process.stdout.write(`${text}\n`);
}

async function devices(phone: string): Promise<void> {
  const answer = phoneDevices.parse(await call('/phone/devices', { phone }));
  for (const { id, name, connected } of answer.devices) {
    process.stdout.write(`${id}  ${name}  ${connected ? 'connected' : 'away'}\n`);
  }
}

/** Milliseconds that a line from a pipe waits for its first answer. */
const ANSWER_MS = 120_000;
/** Of quiet, after which fewer answers than lines will do: an agent may answer several with one. */
const QUIET_MS = 15_000;

/** A conversation at the terminal: what is typed is sent, what arrives is shown. */
async function converse(phone: string, to = phone): Promise<void> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const stopped = new AbortController();
  const { signal } = stopped;
  const sends: Promise<string | undefined>[] = [];
  const say = async (text: string): Promise<string | undefined> => {
    try {
      return sentMessage.parse(await call('/phone/send', { phone, to, text })).id;
    } catch (error) {
      hint(describeFailure(error));
      return undefined;
    }
  };
  terminal.setPrompt(`${phone} > `);
  terminal.on('line', (text) => {
    if (text.trim() !== '') sends.push(say(text.trim()));
  });
  terminal.once('close', () => stopped.abort());
  terminal.prompt();
  const shown = new Set<string>();
  const show = async (): Promise<readonly Shown[]> => {
    const { messages: all } = phoneMessages.parse(await call('/phone/messages', { phone }));
    const fresh = all.filter(({ id }) => !shown.has(id));
    for (const message of fresh) shown.add(message.id);
    if (fresh.length > 0) process.stdout.write(`\r${fresh.map(line).join('\n')}\n`);
    // Closed while that was asked, it takes no prompt any more.
    if (fresh.length > 0 && !signal.aborted) terminal.prompt(true);
    return all;
  };
  try {
    while (!signal.aborted) {
      await show();
      await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
    }
    // A person who ends it has seen enough; a pipe is at its end before anybody could answer.
    if (!process.stdin.isTTY) await untilAnswered(await Promise.all(sends), show);
  } finally {
    terminal.close();
  }
}

/** Until there are as many answers as lines, or fewer and no more to come. */
async function untilAnswered(
  sent: readonly (string | undefined)[],
  show: () => Promise<readonly Shown[]>,
): Promise<void> {
  const mine = new Set(sent.filter((id) => id !== undefined));
  let answers = 0;
  let since = Date.now();
  while (answers < mine.size) {
    const all = await show();
    const later = all.slice(all.findIndex(({ id }) => mine.has(id)) + 1);
    const now = later.filter(({ id }) => !mine.has(id)).length;
    if (now > answers) since = Date.now();
    answers = now;
    const patience = answers > 0 ? QUIET_MS : ANSWER_MS;
    if (Date.now() - since > patience) break;
    await sleep(LOOK_MS);
  }
  if (answers === 0 && mine.size > 0) hint(`no answer within ${ANSWER_MS / 1000} s`);
}

/** Adds the commands under `local`. */
export function addPhoneCommands(local: Command): void {
  const phone = local.command('phone').description('Play a phone on the local WhatsApp.');
  phone
    .command('scan <phone> <code>')
    .description('Scan a pairing code: a PNG file, a data URL, or the text of the code.')
    .action(scan);
  phone.command('send <phone> <to> <text...>').description('Write to somebody.').action(send);
  phone
    .command('chat <phone> [to]')
    .description('Talk as that phone, to itself (the agent linked to it) unless told otherwise.')
    .action((from: string, to?: string) => converse(from, to));
  phone
    .command('messages <phone>')
    .description("Show the phone's messages.")
    .option('--json', 'print JSON')
    .action(messages);
  phone.command('devices <phone>').description('Show linked devices.').action(devices);
  phone
    .command('unlink <phone> <device>')
    .description('Log a linked device out.')
    .action(async (number: string, device: string) => {
      await call('/phone/unlink', { phone: number, device: Number(device) });
    });
}
