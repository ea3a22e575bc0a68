/**
 * What a VM that booted with an older bundle cannot read. It takes its config document whole or not at all: a
 * field that it does not know would leave it where it is, with every later change.
 */

import type { ConfigDocument } from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/errors.ts';
import type { Observed } from './observed.ts';

/**
 * @param before the document that it runs on
 * @param bundleSha256 of the bundle that a VM gets at its next start
 * @throws PlaneError FAILED_PRECONDITION when the VM has to be restarted first
 */
export function refuseForOldVm(
  { whatsapp }: Pick<ConfigDocument, 'whatsapp'>,
  before: Pick<ConfigDocument, 'whatsapp'> | undefined,
  { guestStatus }: Pick<Observed, 'guestStatus'>,
  bundleSha256: string,
): void {
  const isNew = whatsapp.askPhone !== undefined && before?.whatsapp.askPhone === undefined;
  const runs = guestStatus?.bundleSha256;
  if (!isNew || runs === undefined || runs === bundleSha256) return;
  throw new PlaneError('FAILED_PRECONDITION', 'Its VM runs a version that cannot do this yet.', {
    details: [
      {
        field: 'whatsapp.askPhone',
        problem: 'is not known to what the VM runs',
        fix: 'restart the agent first: it starts with the newest version',
      },
    ],
  });
}
