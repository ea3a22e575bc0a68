/** Workspace APIs ask for OAuth scopes and a person, where Cloud APIs ask IAM. */

import type { Call } from '../service.ts';
import { GoogleError } from '../service.ts';

const AUTH = 'https://www.googleapis.com/auth/';

/** @param names the part after `…/auth/`, or a whole scope. @throws GoogleError PERMISSION_DENIED */
export function needScope(call: Call, names: readonly string[]): void {
  const wanted = names.map((name) => (name.startsWith('https://') ? name : AUTH + name));
  if (call.scopes.some((scope) => wanted.includes(scope))) return;
  throw new GoogleError(
    'PERMISSION_DENIED',
    'Request had insufficient authentication scopes.',
    'insufficientPermissions',
  );
}

/** The person who is asking; undefined for a service account that speaks for itself. */
export const personOf = (call: Call): string | undefined =>
  /^user:(.+)$/.exec(call.principal ?? '')?.[1]?.toLowerCase();
