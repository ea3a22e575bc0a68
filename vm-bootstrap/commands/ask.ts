/** `agent ask TEXT` (root): one turn with the agent over the gateway's HTTP endpoint; prints the reply. */

import { PlaneError } from '../../contracts/plane-error.ts';
import type { Layout } from '../core/layout.ts';
import { gatewayAddress } from '../gateway.ts';
import type { Host } from '../host.ts';

/** A cold first turn takes 10 s and more. */
const TURN_MS = 180_000;
/** A session of its own, so that the owner's conversation is not mixed with an admin's. */
const SESSION = 'agent:main:agents-plane:ask';

interface Completion {
  readonly choices?: readonly { readonly message?: { readonly content?: string } }[];
}

/**
 * @returns the exit code
 * @throws PlaneError UNAVAILABLE when the gateway refuses, or the agent says nothing
 */
export async function askCommand(host: Host, layout: Layout, text: string): Promise<number> {
  const { port, token } = gatewayAddress(host, layout);
  const answer = await host.request({
    url: `http://127.0.0.1:${port}/v1/chat/completions`,
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'x-openclaw-session-key': SESSION,
    },
    body: JSON.stringify({
      model: 'openclaw/default',
      messages: [{ role: 'user', content: text }],
    }),
    timeoutMs: TURN_MS,
  });
  if (answer.status !== 200)
    throw new PlaneError('UNAVAILABLE', `The gateway answered ${answer.status}.`);
  const reply = (JSON.parse(answer.text) as Completion).choices?.[0]?.message?.content;
  if (!reply) throw new PlaneError('UNAVAILABLE', 'The agent ended its turn without an answer.');
  process.stdout.write(`${reply}\n`);
  return 0;
}
