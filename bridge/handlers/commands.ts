/**
 * `!help` and the operator's own commands, before the agent is asked. They work while it is away.
 * Programs are started with an argument list: there is no shell that could read a message.
 */

import { execFile } from 'node:child_process';
import type { BridgeConfig } from '../config/schema.ts';
import type { AdmittedMessage, Reply } from '../message.ts';
import type { Handler, HandlerContext, HandlerOutcome } from '../ports.ts';

export type CommandSettings = BridgeConfig['commands'];
type Definition = CommandSettings['definitions'][string];

export interface Invocation {
  readonly name: string;
  readonly args: string;
}

const MAX_OUTPUT_BYTES = 1_000_000;
const HELP = 'help';

const plain = (words: string): Reply => ({ kind: 'text', text: words, markup: 'plain' });
const say = (words: string): HandlerOutcome => ({ kind: 'replies', replies: [plain(words)] });

/** @returns undefined for what is not a command: with none defined, nothing is */
function parseCommand(settings: CommandSettings, text: string): Invocation | undefined {
  const trimmed = text.trim();
  const any = Object.keys(settings.definitions).length > 0;
  if (!any || !trimmed.startsWith(settings.prefix)) return undefined;
  const found = /^(\S+)\s*([\s\S]*)$/.exec(trimmed.slice(settings.prefix.length));
  return found
    ? { name: (found[1] ?? '').toLowerCase(), args: (found[2] ?? '').trim() }
    : undefined;
}

const mayRun = ({ roles }: Definition, role: string): boolean =>
  roles.length === 0 || roles.includes(role);

/** What this role may run, one a line. */
export function helpText({ prefix, definitions }: CommandSettings, role: string): string {
  const lines = Object.entries(definitions)
    .filter(([, definition]) => mayRun(definition, role))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { description }]) =>
      description ? `${prefix}${name} — ${description}` : `${prefix}${name}`,
    );
  return lines.length === 0 ? 'There are no commands for you here.' : lines.join('\n');
}

/** Environment of a program: nothing of ours, so no key can be printed by one. */
const environment = (args: string, role: string): NodeJS.ProcessEnv => ({
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  ARGS: args,
  ROLE: role,
});

function runProgram(argv: readonly string[], args: string, role: string, timeoutMs: number) {
  const [file = '', ...rest] = argv.map((one) => (one === '{args}' ? args : one));
  return new Promise<string>((resolve) => {
    const options = {
      env: environment(args, role),
      timeout: timeoutMs,
      maxBuffer: MAX_OUTPUT_BYTES,
      killSignal: 'SIGKILL' as const,
    };
    execFile(file, rest, options, (error, stdout, stderr) => {
      const output = `${stdout}${stderr}`.trim();
      if (error?.killed)
        return resolve(`It took longer than ${timeoutMs / 1_000} s and was stopped.`);
      if (error && output === '') return resolve('The command failed.');
      resolve(output === '' ? 'Done.' : output);
    });
  });
}

/**
 * A handler that runs commands and leaves everything else to `inner`. Unknown ones, and those of
 * other roles, get the same answer: what exists is nobody's business.
 */
export function withCommands(settings: CommandSettings, inner: Handler): Handler {
  const run = async (
    { name, args }: Invocation,
    message: AdmittedMessage,
    context: HandlerContext,
  ): Promise<HandlerOutcome> => {
    if (name === HELP) return say(helpText(settings, message.role));
    const { definitions } = settings;
    const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
    if (!definition || !mayRun(definition, message.role)) {
      return say(`There is no such command. ${settings.prefix}${HELP} lists yours.`);
    }
    if (definition.type === 'agent') {
      const text = (definition.prompt ?? '{args}').replaceAll('{args}', () => args);
      return await inner.handle({ ...message, content: { kind: 'text', text } }, context);
    }
    // Twice could be once too often: a program that a crash interrupted is not started again.
    if (context.begun) return say('The command was interrupted. Send it again if it should run.');
    const output = await runProgram(
      definition.exec ?? [],
      args,
      message.role,
      settings.timeout * 1_000,
    );
    const ack = definition.ack ? [plain(definition.ack)] : [];
    return { kind: 'replies', replies: [...ack, plain(output)] };
  };
  return {
    ...inner,
    async handle(message, context) {
      const { content } = message;
      const command = content.kind === 'text' ? parseCommand(settings, content.text) : undefined;
      return command ? await run(command, message, context) : await inner.handle(message, context);
    },
  };
}
