/** What the administrators read when a sync has stopped. */

import Mustache from 'mustache';
import { CLI } from '../../contracts/names.ts';
import type { SyncAnswer } from '../../contracts/sync.ts';

/** @param template contents of templates/plane/mail/sync.txt */
export function renderSyncMail(
  template: string,
  { actions }: SyncAnswer,
  stopped: NonNullable<SyncAnswer['stopped']>,
): { readonly subject: string; readonly text: string } {
  const leaving = actions.filter(({ action }) => action === 'revoke' || action === 'deprovision');
  const view = { cli: CLI, ...stopped, leaving };
  return {
    subject: `Agents Plane: a sync would remove ${stopped.removals} agents, and waits for you`,
    text: Mustache.render(template, view, {}, { escape: String }),
  };
}
