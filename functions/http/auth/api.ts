/** Who calls function `api`: people, Cloud Tasks, and Cloud Scheduler. */

import type { TokenVerifier } from '../../service/ports.ts';
import type { App } from '../handler.ts';
import { type Admins, authenticatePerson, demandRole } from './person.ts';
import { authenticateScheduler } from './scheduler.ts';
import { authenticateTasks } from './tasks.ts';
import { isUnsigned } from './token.ts';

/** By the role that the route asks for; what Cloud Run checked itself comes without its signature. */
export function apiCallers(
  tokens: () => Promise<TokenVerifier>,
  settings: Admins & { readonly tasksAccount: string },
): App['authenticate'] {
  return async (role, authorization, identified, isChecked) => {
    if (role === 'tasks') return authenticateTasks(tokens, settings, authorization, identified);
    if (role === 'scheduler' && isChecked && isUnsigned(authorization)) {
      return authenticateScheduler(settings, authorization, identified);
    }
    const person = await authenticatePerson(tokens, settings, authorization, identified);
    if (role === 'vm') throw new Error('no route of this function is for VMs');
    demandRole(person, role);
    return person.email;
  };
}
