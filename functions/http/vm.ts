/** Function `vm`: what an agent's VM may ask for on its own behalf (contracts/vm-api.ts). */

import { openRoutes } from './api.ts';
import type { Route } from './router.ts';
import { BACKUP } from './vm/backup.ts';
import { MAILBOX } from './vm/mailbox.ts';
import { OWN, REPORTS } from './vm/own.ts';
import { PAIRING } from './vm/pairing.ts';
import { routeOf, type VmParts } from './vm/row.ts';

const ROWS = [...BACKUP, ...OWN, ...MAILBOX, ...REPORTS, ...PAIRING];

export function vmRoutes(parts: VmParts): readonly Route[] {
  const routes = ROWS.map((row) => routeOf(parts, row));
  return openRoutes('Agents Plane, for VMs', parts.url, routes);
}
