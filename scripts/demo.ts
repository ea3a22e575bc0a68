/** `./scripts/demo`: the main job, end to end, on this machine, with each stage and its time. */

import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { PlaneError } from '../contracts/errors.ts';
import { callControl, serveControl } from '../local/plane/control.ts';
import { chooseKind, prepareMachines, runDirOf } from '../local/plane/hypervisor.ts';
import { type Plane, startPlane } from '../local/plane/plane.ts';
import { type Account, renderAccount } from './account.ts';
import { cacheDir, controlSocket, ROOT } from './cli/paths.ts';
import { bootAgent, describeMachine, provisionAgent, welcomeMail } from './stage/agent.ts';
import { runBuild } from './stage/build.ts';
import { renderInvitation } from './stage/invitation.ts';
import { chat, type Greeting, pairingLinkIn, pairPhone } from './stage/pairing.ts';
import { coloursFor } from './ui/colours.ts';
import { describeFailure } from './ui/failure.ts';
import { untilInterrupted } from './ui/interruption.ts';
import { createStages } from './ui/stages.ts';

interface Options {
  readonly once?: boolean;
  readonly json?: boolean;
  readonly processes?: boolean;
}

const OWNER = { user: 'allison@nine30.com', userPhone: '+15551234567' };
const QUESTION = 'What can you do?';

const options = new Command('demo')
  .description("Provisions Allison's agent on this machine and lets you talk to it.")
  .option('--once', 'tear everything down at the end')
  .option('--json', 'the last line on standard output is one JSON object')
  .option('--processes', 'take a process tree instead of a VM, as without root')
  .addHelpText(
    'after',
    '\nExamples:\n  ./scripts/demo\n  ./scripts/demo --once --json | tail -n 1 | jq .timingsMs',
  )
  .parse()
  .opts<Options>();

const stages = createStages(process.stderr, () => performance.now());
const colours = coloursFor(process.stdout);

const interrupted = untilInterrupted();

/** Two demos would share a control socket, a mail folder and the CLI's attention. */
async function refuseSecond(socket: string): Promise<void> {
  const running = await callControl(socket, '/info').then(
    () => true,
    () => false,
  );
  if (running) {
    throw new PlaneError(
      'FAILED_PRECONDITION',
      'A demo is running already: stop it with Ctrl-C first',
    );
  }
}

interface Outcome {
  readonly plane: Plane;
  readonly account: Account;
  /** The agent's first words on WhatsApp. */
  readonly greeting: Greeting;
}

/** Everything up to an agent that has answered on WhatsApp. */
async function play(stack: AsyncDisposableStack): Promise<Outcome> {
  const cache = cacheDir(process.env);
  await mkdir(cache, { recursive: true });
  await refuseSecond(controlSocket(process.env));
  const choice = await chooseKind(
    cache,
    process.getuid?.() ?? -1,
    options.processes ? 'process' : undefined,
  );

  await stages.run('build', 'Build the functions and the VM bundle', () => runBuild(ROOT));
  const machines = await stages.run('image', 'VM image', (say) =>
    prepareMachines(choice.kind, { cacheDir: cache, env: process.env, onProgress: say }),
  );
  const runDir = join(runDirOf(cache), 'demo');
  const plane = await stages.run('plane', 'Start Google, the model and the functions', () =>
    startPlane({
      root: ROOT,
      cacheDir: cache,
      runDir,
      env: process.env,
      machines,
      sharedKey: `sk-ant-local-${randomBytes(24).toString('base64url')}`,
      now: Date.now,
    }),
  );
  stack.defer(() => plane.close());
  stack.defer(await serveControl(plane, controlSocket(process.env)));

  const created = await stages.run('provision', `Provision ${OWNER.user}`, () =>
    provisionAgent(plane, OWNER),
  );
  const agent = await stages.run('boot', 'Boot the VM, bootstrap, start the agent', (say) =>
    bootAgent(plane, created.name, say),
  );
  const mail = await stages.run('mail', 'Welcome mail', () => welcomeMail(plane, OWNER.user));
  const phone = plane.whatsapp.phone(OWNER.userPhone);
  const greeting = await stages.run('pair', 'Open its link, scan the code, be greeted', () =>
    pairPhone(phone, pairingLinkIn(mail.text)),
  );
  const reply = await stages.run('reply', `Ask on WhatsApp: ${QUESTION}`, () =>
    chat(phone, QUESTION),
  );
  const machine = await describeMachine(plane, agent.instance.name);
  const vm = { name: agent.instance.name, kind: choice.kind, why: choice.reason, ...machine.vm };
  const timingsMs = stages.timings;
  return {
    plane,
    greeting,
    account: { agent, vm, units: machine.units, files: machine.files, mail, reply, timingsMs },
  };
}

/** What a shell expects of a program that Ctrl-C ended. */
const EXIT_INTERRUPTED = 130;

/** @returns the exit code */
async function main(): Promise<number> {
  await using stack = new AsyncDisposableStack();
  const outcome = await Promise.race([play(stack), interrupted]);
  if (!outcome) return EXIT_INTERRUPTED;
  const { plane, account, greeting } = outcome;
  if (!options.json) process.stdout.write(renderAccount(account, greeting.text, colours.bold));
  if (!options.once) {
    const stays = { plane, account, phone: OWNER.userPhone };
    process.stderr.write(renderInvitation(stays, colours.bold));
    await interrupted;
  }
  await stages.run('teardown', 'Tear down', () => stack.disposeAsync());
  if (options.json)
    process.stdout.write(`${JSON.stringify({ ...account, timingsMs: stages.timings })}\n`);
  return 0;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${coloursFor(process.stderr).red(describeFailure(error))}\n`);
    process.exit(1);
  },
);
