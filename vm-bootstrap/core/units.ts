/** Which units run, and what a change of their files asks for. Pure. */

import type { ConfigDocument } from '../../contracts/config-document.ts';
import { UNITS } from './layout.ts';
import { usesBridge, usesWhatsappPlugin } from './openclaw-config.ts';

export interface UnitSpec {
  readonly name: string;
  /** Started at boot by systemd as well. */
  readonly enabled: boolean;
  /** `active`: bootstrap starts it; `on-demand`: another unit does. */
  readonly state: 'active' | 'on-demand';
  /** Left out: every agent has it. */
  readonly when?: (config: ConfigDocument) => boolean;
}

/** In the order in which they start; the gateway's own needs come before it. */
export const UNIT_PLAN: readonly UnitSpec[] = [
  { name: UNITS.guard, enabled: true, state: 'active' },
  { name: UNITS.broker, enabled: true, state: 'active' },
  { name: UNITS.brokerService, enabled: false, state: 'on-demand' },
  { name: UNITS.keyPath, enabled: true, state: 'active' },
  { name: UNITS.keyService, enabled: false, state: 'on-demand' },
  { name: UNITS.mailKeys, enabled: true, state: 'active' },
  { name: UNITS.channelsPath, enabled: true, state: 'active' },
  { name: UNITS.channelsService, enabled: false, state: 'on-demand' },
  { name: UNITS.bootstrapPath, enabled: true, state: 'active' },
  { name: UNITS.bootstrap, enabled: false, state: 'on-demand' },
  { name: UNITS.watch, enabled: true, state: 'active' },
  { name: UNITS.gateway, enabled: true, state: 'active' },
  { name: UNITS.meter, enabled: true, state: 'active' },
  { name: UNITS.pairing, enabled: true, state: 'active', when: usesWhatsappPlugin },
  { name: UNITS.bridge, enabled: true, state: 'active', when: usesBridge },
  { name: UNITS.backupTimer, enabled: true, state: 'active', when: usesWhatsappPlugin },
  { name: UNITS.backup, enabled: false, state: 'on-demand' },
];

/** The units that this agent has to have, and those that another configuration has. */
export function unitsOf(config: ConfigDocument): {
  readonly wanted: readonly UnitSpec[];
  readonly unwanted: readonly UnitSpec[];
} {
  const has = ({ when }: UnitSpec): boolean => when === undefined || when(config);
  return {
    wanted: UNIT_PLAN.filter(has),
    unwanted: UNIT_PLAN.filter((unit) => !has(unit)),
  };
}

/** A template (`name@.service`) has instances, no state of its own. */
const isTemplate = (name: string): boolean => name.includes('@.');

/** Every unit of ours that systemd can be asked about. */
export const OWN_UNITS: readonly string[] = UNIT_PLAN.map((unit) => unit.name).filter(
  (name) => !isTemplate(name),
);
