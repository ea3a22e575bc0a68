/** Giving out links to the pairing page. */

import type { PairingLink } from '../../contracts/agent.ts';
import { type AgentName, agentName } from '../../contracts/names.ts';
import { below } from '../../contracts/url.ts';
import { ANNOTATION_LINK } from '../core/observed.ts';
import { LINK_LIFETIME_S, signLink } from '../core/pairing-link.ts';
import { type Annotator, annotate } from './annotations.ts';

export interface LinkTools extends Annotator {
  /** The key that signs links; made when there is none. */
  readonly linkKey: () => Promise<string>;
  /** URL of function `pages`. */
  readonly pagesUrl: string;
  /** A fresh random id. */
  readonly newId: () => string;
}

/**
 * A link that works for LINK_LIFETIME_S, until somebody has linked WhatsApp with it.
 * @param replace kills the links that were given out before; else they go on working
 * @throws PlaneError FAILED_PRECONDITION when the agent was never provisioned
 */
export async function issueLink(
  tools: LinkTools,
  name: AgentName,
  replace: boolean,
): Promise<PairingLink> {
  const key = await tools.linkKey();
  const fresh = { [ANNOTATION_LINK]: tools.newId() };
  const annotations = await annotate(tools, name, (found) =>
    found[ANNOTATION_LINK] && !replace ? undefined : fresh,
  );
  const exp = Math.floor(tools.clock.now() / 1000) + LINK_LIFETIME_S;
  const generation = annotations[ANNOTATION_LINK] ?? '';
  const token = signLink(key, { agent: agentName.parse(name), generation, exp });
  return {
    url: below(tools.pagesUrl, `/pair/${token}`),
    expires: new Date(exp * 1000).toISOString(),
  };
}
