/** Whole bridges in a process that is to be killed: each with its own store, pipeline and Kapso transport. */

import { createGuard } from '../../../bridge/guard/guard.ts';
import type { AdmittedMessage } from '../../../bridge/message.ts';
import type { BridgeStore } from '../../../bridge/pipeline/receive.ts';
import { createPipeline } from '../../../bridge/pipeline.ts';
import type { Handler, HandlerOutcome } from '../../../bridge/ports.ts';
import { openStore } from '../../../bridge/store/store.ts';
import { createKapso } from '../../../bridge/transports/kapso/kapso.ts';
import { listenAt } from '../../../bridge/transports/webhook-server.ts';

/** What one of them is started with. */
export interface CrashBridge {
  readonly dir: string;
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly phoneNumberId: string;
  readonly addr: string;
  readonly agentUrl: string;
  readonly secret: string;
}

/** Asks the agent of the test; after an interruption it asks first whether it had asked before. */
async function ask(
  agentUrl: string,
  message: AdmittedMessage,
  key: string,
  begun: boolean,
): Promise<HandlerOutcome> {
  const text = message.content.kind === 'text' ? message.content.text : '';
  const url = `${agentUrl}?${new URLSearchParams({ key, text })}`;
  const known = begun ? await fetch(url) : undefined;
  const answer = known?.status === 200 ? known : await fetch(url, { method: 'POST' });
  if (answer.status !== 200) return { kind: 'failed', reason: `${answer.status}`, begun: false };
  const reply = await answer.text();
  // Two replies to a message: they have an order too.
  const replies = [`${reply} a`, `${reply} b`].map(
    (words) => ({ kind: 'text', text: words, markup: 'plain' }) as const,
  );
  return { kind: 'replies', replies };
}

const handlerOf = (agentUrl: string): Handler => ({
  name: 'crash-test',
  start: async () => {},
  handle: (message, { key, begun }) => ask(agentUrl, message, key, begun),
  check: async () => [],
  stop: async () => {},
});

/** @returns ends it */
async function startOne(settings: CrashBridge): Promise<() => Promise<void>> {
  const { dir, baseUrl, apiKey, phoneNumberId, addr, agentUrl, secret } = settings;
  const store: BridgeStore = openStore({ dir, exclusive: true });
  const pipeline = createPipeline({
    store,
    guard: createGuard({
      mode: 'open',
      roles: {},
      defaultRole: 'member',
      denyMessage: '',
      rateLimit: 1_000_000,
      rateWindowMs: 60_000,
    }),
    handler: handlerOf(agentUrl),
    transports: [
      createKapso({
        baseUrl,
        apiKey,
        phoneNumberId,
        pollEveryMs: 30,
        webhook: { open: listenAt(addr), verifyToken: 'x', secret },
      }),
    ],
    observe: (event) => {
      if (event.type === 'broken') throw event.error;
    },
    apology: '',
    concurrency: 8,
    unsureMs: 20,
  });
  await pipeline.start();
  return async () => {
    await pipeline.stop();
    store.close();
  };
}

const all = JSON.parse(process.argv[2] ?? '[]') as readonly CrashBridge[];
const ends = await Promise.all(all.map(startOne));
process.stdout.write('ready\n');
process.once('SIGTERM', () => {
  void Promise.all(ends.map((end) => end())).then(() => process.exit(0));
});
