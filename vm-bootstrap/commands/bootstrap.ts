/** `agent bootstrap`: converges the machine to its config document. Runs at every boot and on every change. */

import { PlaneError } from '../../contracts/plane-error.ts';
import { awaitInputs, isTriedAgain } from '../await-inputs.ts';
import { parseFacts } from '../core/facts.ts';
import type { Templates } from '../core/files.ts';
import { type Layout, UNITS } from '../core/layout.ts';
import { failureAfter } from '../core/status.ts';
import type { Host } from '../host.ts';
import { withLock } from '../lock.ts';
import { lastStatus, publishStatus } from '../status.ts';
import { channelPlugins } from '../steps/channel-plugins.ts';
import { dataDisk } from '../steps/data-disk.ts';
import { files } from '../steps/files.ts';
import { heartbeat } from '../steps/heartbeat.ts';
import { openclawConfig } from '../steps/openclaw-config.ts';
import { publishReady, ready } from '../steps/ready.ts';
import { type Context, converge, type Machine, type Step } from '../steps/step.ts';
import { units } from '../steps/units.ts';
import { users } from '../steps/users.ts';
import { welcome } from '../steps/welcome.ts';
import { whatsappCredentials } from '../steps/whatsapp-credentials.ts';
import { tellStatus } from '../tell-status.ts';

/** Need nothing but the machine; the unit that tries again cannot do them (it may not mount). */
const MACHINE_STEPS: readonly Step<Machine>[] = [dataDisk, users];
/** What the gateway starts from, beside each other: a plane that is asked for a backup answers in its own time. */
const BEFORE_START: readonly (readonly Step<Context>[])[] = [
  [files, channelPlugins, openclawConfig],
  [whatsappCredentials],
];
const AFTER_READY: readonly Step<Context>[] = [ready, heartbeat, welcome];

/** All of them have ended when the first failure is thrown: a bootstrap that is tried again must not meet them. */
async function beside(work: readonly Promise<unknown>[]): Promise<void> {
  const ends = await Promise.allSettled(work);
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}

async function steps(machine: Machine): Promise<void> {
  const { host, layout } = machine;
  if (lastStatus(host, layout) === undefined) {
    await publishStatus(host, layout, { state: 'bootstrapping' });
  }
  // The machine is prepared while the metadata server and Secret Manager answer.
  const inputs = await awaitInputs(host, layout, converge(MACHINE_STEPS, machine));
  const context: Context = { ...machine, ...inputs };
  const known = {
    configVersion: inputs.facts.configVersion,
    ...(inputs.facts.bundleSha256 !== undefined && { bundleSha256: inputs.facts.bundleSha256 }),
  };
  await beside(BEFORE_START.map((some) => converge(some, context)));
  const starting = await converge([units], context);
  if (starting.includes(units.name)) {
    await publishStatus(host, layout, { state: 'starting', ...known });
  }
  await converge(AFTER_READY, context);
  await publishReady(context);
}

/** At once; what did not get through is told by the meter. */
async function tellEnd(host: Host, layout: Layout): Promise<void> {
  const facts = host.read(layout.facts);
  if (facts !== undefined) await tellStatus(host, layout, parseFacts(facts).planeUrl, '');
}

/** A unit tries again every 30 s; under that unit itself, systemd does it by the exit code. */
async function tryAgainLater(host: Host, layout: Layout, underUnit: boolean): Promise<void> {
  if (underUnit || !isTriedAgain(host, layout)) return;
  await host.exec(['systemctl', 'start', '--no-block', UNITS.bootstrap]);
}

/**
 * @param underUnit true when agents-plane-bootstrap.service runs us.
 * @returns the exit code.
 */
export async function bootstrapCommand(
  host: Host,
  layout: Layout,
  templates: Templates,
  underUnit: boolean,
): Promise<number> {
  const startedAt = host.now().getTime();
  try {
    await withLock(host, layout.lock, () => steps({ host, layout, templates }));
    await tellEnd(host, layout);
    host.log(`agent: ready after ${host.now().getTime() - startedAt} ms`);
    return 0;
  } catch (error) {
    const known = error instanceof PlaneError;
    const reason = known ? error.message : `Bootstrap failed: ${(error as Error).message}`;
    host.log(`agent: ${reason}`);
    await publishStatus(host, layout, failureAfter(lastStatus(host, layout), reason));
    await tellEnd(host, layout);
    await tryAgainLater(host, layout, underUnit);
    return 1;
  }
}
