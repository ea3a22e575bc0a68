/** What follows a link: the plane is told, the owner gets the first message. Each until it is done. */

import type { WrongPhone } from '../../contracts/pairing.ts';
import { codeOf } from '../../contracts/plane-error.ts';
import { type ChannelReport, VM_API_PATHS, type WrongPhoneReport } from '../../contracts/vm-api.ts';
import type { PairingMachine } from '../core/pairing.ts';
import { callPlane } from '../google/plane.ts';
import { greet } from './greeting.ts';
import type { Listener } from './sources.ts';
import type { PairingStore } from './store.ts';
import type { Surroundings } from './surroundings.ts';

/** Between two tries of the same thing; the last repeats. */
const REPORT_MS = [5_000, 15_000, 60_000, 300_000];
/** The channel opens within seconds of the scan, and the message is due 10 s after it. */
const GREET_MS = 300;
const GREET_AGAIN_MS = [1_000, 5_000, 30_000, 300_000];

const entry = (schedule: readonly number[], index: number): number =>
  schedule[Math.min(index, schedule.length - 1)] ?? 0;

const unreported = ({ link, linkedAt, reported }: PairingMachine): number | undefined =>
  link === 'linked' && !reported ? linkedAt : undefined;

/** Tells the plane of every new link. Runs for ever. */
export async function reportLinks(surroundings: Surroundings, to: Listener): Promise<never> {
  const { host, facts } = surroundings;
  let failures = 0;
  for (;;) {
    const linkedAt = unreported(to.machine());
    if (linkedAt === undefined) {
      await host.sleep(GREET_MS);
      continue;
    }
    const report: ChannelReport = {
      channel: 'whatsapp',
      state: 'linked',
      at: new Date(linkedAt).toISOString(),
    };
    try {
      await callPlane(host, facts.planeUrl, VM_API_PATHS.channel, report);
      to.put({ type: 'reported', linkedAt });
      failures = 0;
      await host.sleep(GREET_MS);
    } catch (error) {
      host.log(`agent pair: the plane does not know of the link yet (${codeOf(error)})`);
      await host.sleep(entry(REPORT_MS, failures++));
    }
  }
}

/** Has the plane mail about a scan that was undone; given up after the schedule: the page says it, too. */
export async function tellWrongPhone(
  { host, facts }: Surroundings,
  phones: WrongPhone,
  at: number,
): Promise<void> {
  const report: WrongPhoneReport = { ...phones, at: new Date(at).toISOString() };
  for (const pauseMs of REPORT_MS) {
    try {
      await callPlane(host, facts.planeUrl, VM_API_PATHS.wrongPhone, report);
      return;
    } catch (error) {
      host.log(`agent pair: the plane does not know of the scan yet (${codeOf(error)})`);
      await host.sleep(pauseMs);
    }
  }
}

/** Sends the first message once the channel is open; ends when that is done for good. */
export async function greetOnce(
  surroundings: Surroundings,
  store: PairingStore,
  to: Listener,
): Promise<void> {
  const { host } = surroundings;
  let failures = 0;
  for (;;) {
    try {
      if (to.machine().link === 'linked' && (await greet(surroundings, store))) return;
      await host.sleep(GREET_MS);
    } catch (error) {
      host.log(`agent pair: the first message is not out yet (${codeOf(error)})`);
      await host.sleep(entry(GREET_AGAIN_MS, failures++));
    }
  }
}
