/** What a machine of Allison's knows of itself, where a test renders files and boots none. */

import type { AgentName } from '../../../contracts/names.ts';
import type { Facts } from '../../../vm-bootstrap/core/facts.ts';

export const FACTS: Facts = {
  agent: 'allison' as AgentName,
  project: 'nine30-local',
  planeUrl: 'https://plane.example',
  provider: 'anthropic',
  endpoints: {},
  keySecret: 'agent-allison-api-key',
  sharedKeySecret: 'agents-plane-api-key',
  channelsSecret: 'agent-allison-channels',
  configVersion: '1',
};
