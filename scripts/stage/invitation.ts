/** What can be tried while the demo stays up. */

import { CLI } from '../../contracts/names.ts';
import type { Plane } from '../../local/plane/plane.ts';
import type { Account } from '../account.ts';

interface Stays {
  readonly plane: Plane;
  readonly account: Account;
  /** The owner's number, E.164. */
  readonly phone: string;
}

export function renderInvitation(
  { plane, account, phone }: Stays,
  bold: (text: string) => string,
): string {
  const machine = account.agent.instance.name;
  return `
${bold('It stays up until Ctrl-C. Try, in another terminal:')}
    ${CLI} list
    ${CLI} provision --user bo@nine30.com --phone +15557654321 --dry-run
    ${CLI} local phone chat ${phone}
    ${CLI} local exec ${machine} -- agent status
    ${CLI} local exec ${machine} -- journalctl -u openclaw-gateway -n 20 --no-pager
    curl ${plane.apiUrl}/v1/openapi.json
    ${plane.mailDir} holds the mail, ${plane.logDir} the functions' logs

`;
}
