/**
 * `agents-plane schema`: makes or checks the custom schema of the Directory, with the token of
 * whoever administers the Workspace. The plane itself may read people and write nothing there.
 */

import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { AGENT_CONFIG, AGENT_CONFIG_SCHEMA } from '../../contracts/agent-config.ts';
import { PlaneError } from '../../contracts/errors.ts';
import { hint } from './output.ts';
import { isToken } from './target.ts';
import { example } from './verb.ts';

const GOOGLE = 'https://admin.googleapis.com';
const SCHEMAS = '/admin/directory/v1/customer/my_customer/schemas';

/** Milliseconds. */
const TIMEOUT_MS = 30_000;

interface Schema {
  readonly fields?: readonly { readonly fieldName?: string; readonly fieldType?: string }[];
}

/** Fields that are missing, or of another type. */
function wrongIn({ fields = [] }: Schema): readonly string[] {
  const types = new Map(fields.map(({ fieldName, fieldType }) => [fieldName, fieldType]));
  return AGENT_CONFIG_SCHEMA.fields
    .filter(({ fieldName, fieldType }) => types.get(fieldName) !== fieldType)
    .map(({ fieldName, fieldType }) => `${fieldName} (${fieldType})`);
}

/**
 * @param token OAuth access token of an administrator, scope admin.directory.userschema
 * @returns whether it had to be made
 * @throws PlaneError INVALID_ARGUMENT when that is no token, PERMISSION_DENIED when Google refuses the token, UNAVAILABLE when it has no
 *   answer now, FAILED_PRECONDITION when a schema of this name has other fields
 */
export async function ensureSchema(origin: string, token: string): Promise<boolean> {
  if (!isToken(token)) {
    const message =
      "Standard input holds no access token: it has to be a Workspace administrator's.";
    throw new PlaneError('INVALID_ARGUMENT', message);
  }
  const ask = (path: string, body?: object): Promise<Response> =>
    fetch(`${origin}${SCHEMAS}${path}`, {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((cause: unknown) => {
      const message = `${origin} does not answer; is this machine online?`;
      throw new PlaneError('UNAVAILABLE', message, { cause });
    });
  const found = await ask(`/${AGENT_CONFIG}`);
  if (found.ok) {
    const wrong = wrongIn((await found.json()) as Schema);
    if (wrong.length === 0) return false;
    const fix = `add to ${AGENT_CONFIG}, in the Admin console: ${wrong.join(', ')}`;
    throw new PlaneError('FAILED_PRECONDITION', 'The schema is there with other fields.', {
      details: [{ field: AGENT_CONFIG, problem: 'lacks fields, or has them of another type', fix }],
    });
  }
  await found.body?.cancel();
  if (found.status !== 404) throw refusedBy(found.status);
  const made = await ask('', AGENT_CONFIG_SCHEMA);
  await made.body?.cancel();
  if (!made.ok) throw refusedBy(made.status);
  return true;
}

function refusedBy(status: number): PlaneError {
  if (status >= 500 || status === 429) {
    return new PlaneError('UNAVAILABLE', `The Directory answers ${status}: try again in a minute.`);
  }
  return new PlaneError(
    'PERMISSION_DENIED',
    `The Directory answers ${status}: the token must be an administrator's, with the scope https://www.googleapis.com/auth/admin.directory.userschema`,
  );
}

export function addSchema(program: Command): void {
  program
    .command('schema')
    .description(
      `Make or check the custom schema ${AGENT_CONFIG} of the Workspace Directory; a Workspace administrator's access token comes on standard input.`,
    )
    .addHelpText('after', example('schema < token.txt'))
    .action(async () => {
      const isNew = await ensureSchema(GOOGLE, (await text(process.stdin)).trim());
      hint(isNew ? `${AGENT_CONFIG} is there now` : `${AGENT_CONFIG} is there, as it should be`);
    });
}
