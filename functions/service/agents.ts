/** One agent: `GET /v1/agents/{name}`, and its pairing link. */

import type { Agent, PairingLink } from '../../contracts/agent.ts';
import type { ConfigDocument } from '../../contracts/config-document.ts';
import { PlaneError } from '../../contracts/errors.ts';
import type { AgentName } from '../../contracts/names.ts';
import { isLinked } from '../core/channel.ts';
import { readDocument } from '../core/document.ts';
import { isOurs } from '../core/foreign.ts';
import type { Observed } from '../core/observed.ts';
import { summaryOf } from '../core/summary.ts';
import { readName } from './lifecycle.ts';
import { observe } from './observe.ts';
import { issueLink, type LinkTools } from './pairing-link.ts';
import { resourceOf } from './resource.ts';
import { notFound } from './steer.ts';
import type { Tools } from './steps.ts';

/** @throws PlaneError NOT_FOUND when no agent has this name */
export async function getAgent(tools: Tools, text: string): Promise<Agent> {
  const name = readName(text);
  const observed = await observe(tools, name);
  const document = documentOf(name, observed);
  if (!document) throw notFound();
  return resourceOf(name, summaryOf(document), observed, tools, tools.clock.now());
}

/**
 * A link to link its WhatsApp with, for `POST /v1/agents/{name}/pairing-link`.
 * @throws PlaneError NOT_FOUND, FAILED_PRECONDITION when there is nothing to link, or it is linked
 */
export async function linkFor(
  tools: Tools & LinkTools,
  text: string,
  replace: boolean,
): Promise<{ readonly name: AgentName; readonly link: PairingLink }> {
  const { name, channel } = await getAgent(tools, text);
  if (channel && !isLinked(channel)) return { name, link: await issueLink(tools, name, replace) };
  const problem = channel ? 'is linked already' : 'talks from a business number: nothing to link';
  const fix = channel
    ? 'to link it anew, first unlink it on the phone: WhatsApp, Linked devices'
    : 'use mode linked or dedicated';
  throw new PlaneError('FAILED_PRECONDITION', 'There is nothing to link.', {
    details: [{ field: 'name', problem, fix }],
  });
}

function documentOf(name: AgentName, observed: Observed): ConfigDocument | undefined {
  if (!observed.configSecret || !isOurs(observed.configSecret.labels, name)) return undefined;
  return readDocument(observed.config?.payload);
}
