/** Agents' VMs, by instance identity token. */

import { email as emailAddress } from '../../../contracts/config-document.ts';
import type { AgentName } from '../../../contracts/names.ts';
import { agentOfInstance, serviceAccountEmail } from '../../../contracts/names.ts';
import type { TokenVerifier } from '../../service/ports.ts';
import type { VmCaller } from '../../service/vm-caller.ts';
import type { App } from '../handler.ts';
import { bearerToken, claimsOf, denied, type Identified } from './token.ts';

export interface VmSettings {
  readonly vmUrl: string;
  /** Those that hold agents. */
  readonly projects: readonly string[];
}

/** Who calls, and the project that its VM is in. */
export interface VmClaims extends VmCaller {
  readonly project: string;
}

/**
 * The agent a VM is, and which VM. https://cloud.google.com/compute/docs/instances/verifying-instance-identity
 *
 * The instance claim alone would do for VMs that we made; that the token's service account is
 * the agent's own keeps out instances which somebody merely named like one of ours.
 *
 * @throws PlaneError UNAUTHENTICATED without a valid token, PERMISSION_DENIED for one of any other VM
 */
async function authenticateVm(
  verifier: () => Promise<TokenVerifier>,
  settings: VmSettings,
  header: string | undefined,
  identified: Identified,
): Promise<VmClaims> {
  bearerToken(header);
  const claims = await claimsOf(await verifier(), header, settings.vmUrl);
  const account = emailAddress.safeParse(claims.email).data;
  if (account) identified(account);
  const engine = computeEngine(claims.google);
  const name = agentOfInstance(engine.instance);
  const email = name && serviceAccountEmail(name, engine.project);
  const genuine =
    settings.projects.includes(engine.project) &&
    /^[a-z]+-[a-z]+\d+-[a-z]$/.test(engine.zone) &&
    claims.email === email &&
    claims.email_verified === true;
  if (!name || !genuine) throw denied('The token does not belong to the VM of an agent.');
  const { id: instanceId, zone, project } = engine;
  return { name, instanceId, zone, project };
}

interface Engine {
  readonly project: string;
  readonly instance: string;
  readonly id: string;
  readonly zone: string;
}

function computeEngine(google: unknown): Engine {
  const engine = (google as { compute_engine?: Record<string, unknown> } | undefined)
    ?.compute_engine;
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    project: text(engine?.project_id),
    instance: text(engine?.instance_name),
    id: text(engine?.instance_id),
    zone: text(engine?.zone),
  };
}

/**
 * Who calls function `vm`.
 * @param projectOf in which project the agent is
 * @param current whether the VM is the one that the agent has now
 */
export function vmCallers(
  tokens: () => Promise<TokenVerifier>,
  settings: VmSettings,
  projectOf: (name: AgentName) => Promise<string>,
  current: (caller: VmCaller) => Promise<void>,
): App['authenticate'] {
  return async (_role, authorization, identified) => {
    const caller = await authenticateVm(tokens, settings, authorization, identified);
    // A VM that somebody made in another of our projects and named like an agent is nobody.
    if ((await projectOf(caller.name)) !== caller.project) {
      throw denied('The agent is not in this project.');
    }
    await current(caller);
    return caller.name;
  };
}
