/**
 * What bootstrap learned about this agent, in short, for the commands that run between two
 * bootstraps (fetch-key in ExecStartPre, the broker). No secret is in it; it is world readable.
 * Plain types: fetch-key reads it and must not pay for a schema library; only bootstrap,
 * which has validated its parts, writes it.
 */

import type { Endpoints } from '../../contracts/instance-metadata.ts';
import type { Provider } from '../../contracts/models.ts';
import type { AgentName } from '../../contracts/names.ts';
import { PlaneError } from '../../contracts/plane-error.ts';

export interface Facts {
  readonly agent: AgentName;
  readonly project: string;
  readonly planeUrl: string;
  readonly provider: Provider;
  readonly endpoints: Endpoints;
  /** Ids of the agent's own key secret and of the organisation's, which stands in for it. */
  readonly keySecret: string;
  readonly sharedKeySecret: string;
  /** Id of the secret with the tokens of added channels, which most agents do not have. */
  readonly channelsSecret: string;
  /** Version number of the config secret in force. */
  readonly configVersion: string;
  readonly bundleSha256?: string;
  /** Which of the business number's credentials the plane has told of; opaque. */
  readonly numberVersion?: string;
}

/** Reads what bootstrap wrote. @throws PlaneError when it never ran to that point. */
export function parseFacts(text: string | undefined): Facts {
  if (text === undefined)
    throw new PlaneError('FAILED_PRECONDITION', 'This machine was never bootstrapped.');
  return JSON.parse(text) as Facts;
}
