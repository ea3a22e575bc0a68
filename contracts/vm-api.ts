/**
 * What an agent's VM may ask of the plane (function `vm`). The caller is known by its
 * instance identity token alone; no body names an agent.
 */

import { z } from 'zod';

/** `POST /v1/self/welcome`: send the welcome mail, unless it was sent before. */
export const welcomeAnswer = z.strictObject({ sent: z.enum(['now', 'before']) });
export type WelcomeAnswer = z.infer<typeof welcomeAnswer>;

/** `POST /v1/self/key-secret`: create the agent's empty key secret, should it be missing. */
export const keySecretAnswer = z.strictObject({ secret: z.string() });
export type KeySecretAnswer = z.infer<typeof keySecretAnswer>;

/** No CR, LF or other control character: it goes into a mail header. */
const headerText = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^\u0000-\u001f\u007f]*$/, { error: 'has a control character' });

/** `POST /v1/self/mail`: a mail to the owner, and to nobody else. */
export const mailRequest = z.strictObject({
  subject: headerText,
  text: z.string().min(1).max(32_000),
});
export type MailRequest = z.infer<typeof mailRequest>;
export const mailAnswer = z.strictObject({ id: z.string() });
export type MailAnswer = z.infer<typeof mailAnswer>;

export const VM_API_PATHS = {
  welcome: '/v1/self/welcome',
  keySecret: '/v1/self/key-secret',
  mail: '/v1/self/mail',
} as const;
