/** What can be tried while the demo stays up. */

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
    npx agents-plane list
    npx agents-plane provision --user bo@nine30.com --phone +15557654321 --dry-run
    npx agents-plane local phone chat ${phone}
    npx agents-plane local exec ${machine} -- agent status
    npx agents-plane local exec ${machine} -- journalctl -u openclaw-gateway -n 20 --no-pager
    curl ${plane.apiUrl}/v1/openapi.json
    ${plane.mailDir} holds the mail, ${plane.logDir} the functions' logs

`;
}
