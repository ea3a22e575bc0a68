/** The stages of the demo that have to do with one agent, each over the product's own interfaces. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import PostalMime from 'postal-mime';
import { type Agent, agent as agentSchema } from '../../contracts/agent.ts';
import { errorBody, PlaneError } from '../../contracts/errors.ts';
import { inBothHeaders } from '../../local/google/cloud-run.ts';
import type { Plane } from '../../local/plane/plane.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import type { MailAccount, UnitState } from '../account.ts';

/** Milliseconds. The first boot of a loaded machine may take a minute. */
const BOOT_TIMEOUT_MS = 240_000;
const POLL_MS = 250;
const CONSOLE_LINES = 20;

async function callApi(
  plane: Plane,
  method: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const answer = await fetch(`${plane.apiUrl}${path}`, {
    method,
    headers: {
      ...inBothHeaders(await plane.idToken(LOCAL.admin)),
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const result: unknown = await answer.json();
  if (answer.ok) return result;
  const { error } = errorBody.parse(result);
  throw new PlaneError(error.code, `${error.message} (see ${plane.logDir})`, {
    details: error.details,
  });
}

/** The one call. Answers once Google has accepted everything; the VM boots meanwhile. */
export const provisionAgent = async (plane: Plane, request: object): Promise<Agent> =>
  agentSchema.parse(await callApi(plane, 'POST', '/v1/agents', request));

/** The end of a machine's serial console, for whoever has to find out why it does not start. */
function consoleTail(plane: Plane, machine: string): string {
  const { contents = '' } = plane.google.compute.instances.byName(machine)?.console.read(0) ?? {};
  return contents.trim().split('\n').slice(-CONSOLE_LINES).join('\n');
}

/**
 * Follows the agent until it is ready.
 * @param say told of each change of state
 * @throws PlaneError FAILED_PRECONDITION when it fails, DEADLINE_EXCEEDED when it takes too long
 */
export async function bootAgent(
  plane: Plane,
  name: string,
  say: (state: string) => void,
): Promise<Agent> {
  const deadline = performance.now() + BOOT_TIMEOUT_MS;
  for (;;) {
    const agent = agentSchema.parse(await callApi(plane, 'GET', `/v1/agents/${name}`));
    say(agent.state);
    if (agent.state === 'ready') return agent;
    const late = performance.now() > deadline;
    if (agent.state === 'failed' || agent.state === 'stopped' || late) {
      const { name: machine } = agent.instance;
      throw new PlaneError(
        late ? 'DEADLINE_EXCEEDED' : 'FAILED_PRECONDITION',
        `${machine} is ${agent.state}: ${agent.reason ?? 'no reason given'} (logs: ${plane.logDir})
${consoleTail(plane, machine)}`,
      );
    }
    await sleep(POLL_MS);
  }
}

/** The newest mail to the owner, as a person would read it. */
export async function welcomeMail(plane: Plane, owner: string): Promise<MailAccount> {
  const deadline = performance.now() + BOOT_TIMEOUT_MS;
  while (performance.now() < deadline) {
    const files = (await readdir(plane.mailDir)).filter((file) => file.endsWith('.eml'));
    for (const name of files) {
      const file = join(plane.mailDir, name);
      const mail = await PostalMime.parse(await readFile(file));
      const to = mail.to?.map((each) => each.address ?? '').join(', ') ?? '';
      if (!to.includes(owner)) continue;
      const from = mail.from?.address ?? '';
      return { from, to, subject: mail.subject ?? '', text: mail.text ?? '', file };
    }
    await sleep(POLL_MS);
  }
  throw new PlaneError('DEADLINE_EXCEEDED', `No mail to ${owner} arrived in ${plane.mailDir}`);
}

async function onMachine(plane: Plane, machine: string, ...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await plane.exec(machine, argv);
  if (code !== 0) {
    throw new PlaneError(
      'INTERNAL',
      `${argv[0]} on ${machine} ended with ${code}: ${stderr.trim()}`,
    );
  }
  return stdout.trim();
}

export interface MachineView {
  readonly vm: { readonly os: string; readonly status: string };
  readonly units: readonly UnitState[];
  readonly files: readonly string[];
}

/** What `agent status` says of the machine it runs on. */
export async function describeMachine(plane: Plane, machine: string): Promise<MachineView> {
  const status = JSON.parse(await onMachine(plane, machine, 'agent', 'status', '--json')) as {
    units: UnitState[];
    files: string[];
    os: string;
  };
  return { vm: { os: status.os, status: 'RUNNING' }, units: status.units, files: status.files };
}
