/** A row of the VMs' API, and the route that it makes. */

import { type AgentName, agentName } from '../../../contracts/names.ts';
import type { SelfTools } from '../../service/self.ts';
import type { Call, Route } from '../router.ts';

type SelfModule = typeof import('../../service/backup.ts') &
  typeof import('../../service/self.ts') &
  typeof import('../../service/usage.ts') &
  typeof import('../../service/witness.ts');

export interface VmParts {
  /** The service and what it works with; made at the first call that needs them. */
  readonly self: (
    name: AgentName,
  ) => Promise<{ readonly service: SelfModule; readonly tools: SelfTools }>;
  /** URL of this API. */
  readonly url: string;
}

export interface Row
  extends Pick<Route, 'path' | 'id' | 'summary'>,
    Partial<Pick<Route, 'body' | 'bodyLimit' | 'event'>> {
  /** What a 200 says, and under which schema. */
  readonly answer: Route['answers'][number];
  /** What the service calls it. */
  readonly act: Act;
}

type Act = {
  [K in keyof SelfModule]: SelfModule[K] extends (
    tools: SelfTools,
    name: AgentName,
    body: unknown,
  ) => Promise<object>
    ? K
    : never;
}[keyof SelfModule];

/** What it does is done in the name of the agent whose VM calls. */
export function routeOf({ self }: VmParts, { act, answer, ...spec }: Row): Route {
  const handle = async ({ caller, body }: Call) => {
    const name = agentName.parse(caller);
    const { service, tools } = await self(name);
    const seen = service.witnessed(tools, name);
    const done = await service[act](seen.tools, name, body);
    return { status: 200, body: done, agent: name, change: seen.change() };
  };
  return { ...spec, answers: { 200: answer }, method: 'POST', role: 'vm', handle };
}
