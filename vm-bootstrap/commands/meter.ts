/**
 * `agent meter` (agents-plane-meter.service): reads what the agent spent this month from the
 * gateway, tells the plane, and has the gateway give the shared key up when the plane says so.
 * Drives `core/meter.ts`. Of a business number it also tells the plane when that is deaf.
 */

import { monthOf } from '../../contracts/month.ts';
import { codeOf } from '../../contracts/plane-error.ts';
import { type UsageReport, usageAnswer, VM_API_PATHS } from '../../contracts/vm-api.ts';
import { dropStale } from '../broker/held-tokens.ts';
import { type Facts, parseFacts } from '../core/facts.ts';
import { keylessBy, keyOf } from '../core/key-origin.ts';
import type { Layout } from '../core/layout.ts';
import {
  answered,
  type BudgetState,
  isDue,
  keyMove,
  LOOK_WITHDRAWN_MS,
  type News,
  newsFor,
  type Origin,
  parseBudget,
  pauseAfter,
  type Reading,
  spentIn,
  type UsageCost,
  usageQuery,
} from '../core/meter.ts';
import { type MeterSettings, parseMeterSettings } from '../core/meter-settings.ts';
import { type Gateway, withGateway } from '../gateway.ts';
import { callPlane } from '../google/plane.ts';
import { readSecret, secretsAccess } from '../google/secrets.ts';
import type { Host } from '../host.ts';
import { readChannel } from '../pairing/channel.ts';
import { tryWrite } from '../state-file.ts';
import { forgetNumber, tellNumber } from '../tell-number.ts';
import { tellStatus } from '../tell-status.ts';
import { findKey } from './fetch-key.ts';

/** A cold reading takes OpenClaw a second or two, and every turn makes it stale again. */
const READ_TRIES = 8;
const READ_AGAIN_MS = 1_000;

export interface Meter {
  readonly host: Host;
  readonly layout: Layout;
  readonly facts: Facts;
  readonly settings: MeterSettings;
  gateway<T>(work: (gateway: Gateway) => Promise<T>): Promise<T>;
}

/** @returns undefined when the gateway is not up, or has no fresh figure just now */
async function read(meter: Meter, month: string): Promise<Reading | undefined> {
  const { host, settings } = meter;
  try {
    return await meter.gateway(async (gateway) => {
      for (let attempt = 0; attempt < READ_TRIES; attempt++) {
        const query = usageQuery(month, settings.timezone, host.now().getTime());
        const answer = (await gateway.call('usage.cost', query)) as UsageCost;
        const reading = spentIn(month, answer);
        if (reading !== undefined) return reading;
        await host.sleep(READ_AGAIN_MS);
      }
      return undefined;
    });
  } catch (error) {
    // No figure means no budget is kept: one that never comes has to be seen by somebody.
    host.log(`agent meter: the gateway gave no figure (${codeOf(error)})`);
    return undefined;
  }
}

/** Whether this agent may read the shared key: Google's IAM takes minutes to know a new binding. */
async function sharedKeyIsBack({ host, facts }: Meter): Promise<boolean> {
  const access = await secretsAccess(host, facts);
  return (await readSecret(access, facts.sharedKeySecret)) !== undefined;
}

/**
 * Whether another key is there than the one that the gateway was started with: a secret whose grant was not in force
 * yet looked like one that is not there (403), and its owner was told that the agent runs on it.
 */
async function otherKeyIsThere({ host, facts }: Meter, origin: Origin): Promise<boolean> {
  if (origin !== 'shared' && origin !== 'misfit') return false;
  const found = await findKey(await secretsAccess(host, facts), facts, false);
  return found !== undefined && found.origin !== origin && keylessBy(found.origin) === undefined;
}

/** A full data disk must not keep the shared key with an agent: what fetch-key asks goes into memory then. */
function write({ host, layout }: Meter, state: BudgetState): void {
  const into = (path: string): boolean =>
    tryWrite(host, path, 'agent meter', () =>
      host.write(path, JSON.stringify(state), { mode: 0o644 }),
    );
  if (!into(layout.budget)) into(layout.budgetAside);
  else if (host.exists(layout.budgetAside)) host.remove(layout.budgetAside);
}

/** Asks the plane. @returns the state after its answer, which is written down */
async function report(
  meter: Meter,
  before: BudgetState | undefined,
  said: UsageReport,
  origin: Origin,
): Promise<BudgetState> {
  const { host, facts } = meter;
  const answer = usageAnswer.parse(await callPlane(host, facts.planeUrl, VM_API_PATHS.usage, said));
  const state = answered(before, said, answer, host.now().getTime());
  // A gateway that starts now must not look for a key that it may not read yet.
  const waits =
    keyMove(answer.withdrawn, origin) === 'take-back' && !(await sharedKeyIsBack(meter));
  const held = waits ? { ...state, withdrawn: true } : state;
  write(meter, held);
  return held;
}

/** Tells the owner on WhatsApp, as soon as the channel is open. @returns false while it is not */
async function say({ settings, gateway }: Meter, to: string, news: News): Promise<boolean> {
  const { message, idempotencyKey } = news;
  return gateway(async ({ call }) => {
    if (!(await readChannel({ call }, settings.linkedPhone)).connected) return false;
    await call('send', { channel: 'whatsapp', to, message, idempotencyKey });
    return true;
  });
}

/** Once each; the mail about a used-up budget is out already. */
async function tell(meter: Meter, state: BudgetState, origin: Origin): Promise<void> {
  const { settings, host, facts } = meter;
  const { whatsappTo, texts } = settings;
  if (whatsappTo === undefined) return;
  let known = state;
  for (const news of newsFor(state, origin, facts.provider, texts)) {
    // A gateway that is on its way up or down: at the next look.
    if (!(await say(meter, whatsappTo, news).catch(() => false))) return;
    known = { ...known, ...news.told };
    write(meter, known);
    host.log(`agent meter: the owner was told of ${news.told.told ?? news.told.toldKey}`);
  }
}

/** One look at the gateway's figures. @returns how long until the next, in milliseconds */
export async function look(meter: Meter, first: boolean): Promise<number> {
  const { host, layout, settings } = meter;
  const now = host.now().getTime();
  const before = parseBudget(host.read(layout.budgetAside) ?? host.read(layout.budget));
  const month = monthOf(now, settings.timezone);
  const reading = await read(meter, month);
  if (reading !== undefined && reading.unpriced > 0)
    host.log(`agent meter: ${reading.unpriced} model calls have no price and count nothing`);
  const origin = host.read(layout.keyOrigin);
  const said = { month, key: keyOf(origin), ...(reading !== undefined && { usd: reading.usd }) };
  const due = first || isDue(before, said, now, origin);
  const state = due || before === undefined ? await report(meter, before, said, origin) : before;
  if (keyMove(state.withdrawn, origin) !== undefined) {
    host.log(`agent meter: the shared key is ${state.withdrawn ? 'withdrawn' : 'back'}`);
    host.write(layout.keyRequest, '', { mode: 0o644 });
  } else if ((due || origin === 'misfit') && (await otherKeyIsThere(meter, origin))) {
    host.log('agent meter: a key is there that was not when the gateway started');
    host.write(layout.keyRequest, '', { mode: 0o644 });
  }
  await tell(meter, state, origin);
  return pauseAfter(state.withdrawn, origin);
}

/** @throws PlaneError FAILED_PRECONDITION when the machine was never bootstrapped */
export function meterOf(host: Host, layout: Layout, credentials: string | undefined): Meter {
  const passed = (name: string, path: string): string | undefined =>
    host.read(credentials === undefined ? path : `${credentials}/${name}`);
  const settings = parseMeterSettings(passed('meter-settings', layout.meterSettings));
  const token = passed('gateway-token', layout.gatewayToken)?.trim() ?? '';
  return {
    host,
    layout,
    settings,
    facts: parseFacts(host.read(layout.facts)),
    gateway: (work) => withGateway({ port: settings.port, token }, work),
  };
}

/**
 * Runs until it is killed.
 * @param credentials $CREDENTIALS_DIRECTORY, where systemd gives one
 */
export async function meterCommand(
  host: Host,
  layout: Layout,
  credentials: string | undefined,
): Promise<never> {
  const meter = meterOf(host, layout, credentials);
  let told = '';
  for (let first = true; ; first = false) {
    tryWrite(host, layout.heldTokens, 'agent meter', () => dropStale(host, layout));
    told = await tellStatus(host, layout, meter.facts.planeUrl, told);
    if (!meter.settings.businessNumber) forgetNumber(host, layout);
    else await tellNumber(host, layout, first);
    const pause = await look(meter, first).catch((error: unknown) => {
      host.log(`agent meter: ${codeOf(error)}`);
      return LOOK_WITHDRAWN_MS;
    });
    await host.sleep(pause);
  }
}
