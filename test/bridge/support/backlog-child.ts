/** Queues many messages while the handler stands still, then lets them all through. Prints its memory. */

import { createGuard } from '../../../bridge/guard/guard.ts';
import type { BridgeStore } from '../../../bridge/pipeline/receive.ts';
import { createPipeline } from '../../../bridge/pipeline.ts';
import type { TransportEvents } from '../../../bridge/ports.ts';
import { openStore } from '../../../bridge/store/store.ts';

const [dir = '', count = '0'] = process.argv.slice(2);
const TOTAL = Number(count);
const SENDERS = 500;
const BATCH = 100;

const store: BridgeStore = openStore({ dir, exclusive: true });
const gate = Promise.withResolvers<void>();
const drained = Promise.withResolvers<void>();
let events: TransportEvents | undefined;
let sent = 0;
const wrong: string[] = [];
const last = new Map<string, number>();

const pipeline = createPipeline({
  store,
  guard: createGuard({
    mode: 'open',
    roles: {},
    defaultRole: 'member',
    denyMessage: '',
    rateLimit: TOTAL,
    rateWindowMs: 60_000,
  }),
  handler: {
    name: 'held',
    start: async () => {},
    async handle({ content }) {
      await gate.promise;
      const text = content.kind === 'text' ? content.text : '';
      return { kind: 'replies', replies: [{ kind: 'text', text, markup: 'plain' }] };
    },
    check: async () => [],
    stop: async () => {},
  },
  transports: [
    {
      name: 'flood',
      contact: {},
      start: async (given) => {
        events = given;
      },
      async send({ to, content }) {
        const number = content.kind === 'text' ? Number.parseInt(content.text, 10) : -1;
        if (number <= (last.get(to.id) ?? -1)) wrong.push(to.id);
        last.set(to.id, number);
        if (++sent === TOTAL) drained.resolve();
        return { kind: 'sent' };
      },
      file: async () => ({ kind: 'refused', reason: 'none' }),
      seen: async () => {},
      check: async () => [],
      stop: async () => {},
    },
  ],
  observe: () => {},
  apology: '',
  concurrency: 32,
});
await pipeline.start();

const memoryMb = (): number => Math.round(process.memoryUsage.rss() / 1_048_576);
const FILLER = 'a message of an ordinary length, as people write them. '.repeat(4);
const before = memoryMb();
for (let n = 0; n < TOTAL; n += BATCH) {
  const messages = Array.from({ length: BATCH }, (_, k) => ({
    id: `m${n + k}`,
    transport: 'flood',
    sender: { id: `${15_550_000_000 + ((n + k) % SENDERS)}` },
    content: { kind: 'text', text: `${n + k} ${FILLER}` } as const,
    at: Date.now(),
  }));
  await events?.deliver({ messages });
}
const queued = memoryMb();
const open = store.inbox.depth().open;
gate.resolve();
await drained.promise;
await pipeline.stop();
store.close();
process.stdout.write(
  `${JSON.stringify({ before, queued, after: memoryMb(), open, sent, wrong: wrong.length })}\n`,
);
