/** What an agent's VM said on its serial port, in whichever zone it is. */

import type { AgentName } from '../../contracts/names.ts';
import type { Journal } from './ports.ts';
import type { Tools } from './steps.ts';
import { zoneOnRecord } from './zone.ts';

/** Whoever follows a log asks every other second: the record is asked only about a VM that is not in the plane's zone. */
export async function serialOf(
  tools: Pick<Tools, 'secrets' | 'machines'>,
  journal: Journal,
  name: AgentName,
  from: string,
): ReturnType<Journal['serial']> {
  const { zone } = tools.machines;
  const near = await journal.serial(name, zone, from);
  if (near) return near;
  const recorded = await zoneOnRecord(tools, name);
  return recorded === zone ? undefined : journal.serial(name, recorded, from);
}
