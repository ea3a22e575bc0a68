/** What somebody gave to `agent mail send`, as a mail; or what is wrong with it, in a sentence. Pure. */

import { PlaneError } from '../../contracts/plane-error.ts';
import { type MailRequest, mailRequest } from '../../contracts/vm-api.ts';

/** By zod's code of an issue; whatever else is wrong with a subject are its control characters. */
const FAULTS: Readonly<Record<keyof MailRequest, Readonly<Record<string, string>>>> = {
  subject: {
    too_small: 'its subject is empty. Give one: --subject TEXT',
    too_big: 'its subject is longer than 200 characters. Shorten it, and say the rest in the text',
    invalid_format:
      'its subject has a line break or another control character. Write it in one line',
  },
  text: {
    too_small:
      'its text is empty. It comes on standard input: echo "..." | agent mail send --subject TEXT',
    too_big: 'its text is longer than 32,000 characters. Shorten it, or send it in parts',
  },
};

/** @throws PlaneError INVALID_ARGUMENT that names the field and says what to do; never with what was given */
export function readMailInput(subject: string, text: string): MailRequest {
  const parsed = mailRequest.safeParse({ subject, text });
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(
    ({ path: [field], code }) => FAULTS[field as keyof MailRequest][code],
  );
  throw new PlaneError('INVALID_ARGUMENT', `The mail was not sent: ${faults.join('; ')}.`);
}
