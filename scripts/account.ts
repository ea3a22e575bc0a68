/** What the demo tells at its end: gathered as data first, then rendered for a person. */

import type { Agent } from '../contracts/agent.ts';

export interface UnitState {
  readonly unit: string;
  readonly state: string;
}

export interface MailAccount {
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly file: string;
}

/** The last line of `demo --json`. */
export interface Account {
  readonly agent: Agent;
  readonly vm: {
    readonly name: string;
    readonly kind: 'nspawn' | 'process';
    readonly why: string;
    readonly os: string;
    readonly status: string;
  };
  readonly units: readonly UnitState[];
  readonly files: readonly string[];
  readonly mail: MailAccount;
  readonly reply: string;
  readonly timingsMs: Readonly<Record<string, number>>;
}

const indent = (text: string, by = '    '): string =>
  text
    .trim()
    .split('\n')
    .map((line) => `${by}${line}`.trimEnd())
    .join('\n');

/**
 * @param greeting what the agent wrote first on WhatsApp
 * @param bold makes a heading stand out, or returns it as it is
 */
export function renderAccount(
  account: Account,
  greeting: string,
  bold: (text: string) => string,
): string {
  const { agent, vm, units, files, mail, reply } = account;
  const width = Math.max(...units.map(({ unit }) => unit.length));
  return [
    '',
    bold(`Agent ${agent.name} for ${agent.user}: ${agent.state}`),
    `    ${agent.model}, ${agent.budget} USD a month, WhatsApp ${agent.whatsapp.mode}, key: ${agent.key ?? 'unknown'}`,
    bold('VM'),
    `    ${vm.name}: ${vm.status}, ${vm.os}`,
    `    ${vm.why}`,
    bold('Units'),
    ...units.map(({ unit, state }) => `    ${unit.padEnd(width)}  ${state}`),
    bold('Files that bootstrap wrote'),
    ...files.map((file) => `    ${file}`),
    bold('Welcome mail'),
    `    From: ${mail.from}`,
    `    To: ${mail.to}`,
    `    Subject: ${mail.subject}`,
    `    (${mail.file})`,
    '',
    indent(mail.text, '    │ '),
    '',
    bold('On WhatsApp'),
    indent(greeting),
    '',
    bold('"What can you do?"'),
    indent(reply),
    '',
  ].join('\n');
}
