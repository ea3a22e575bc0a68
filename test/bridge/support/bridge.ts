/** A pipeline in this process with a handler of the test's, against the local Kapso or Meta. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGuard, type GuardRules } from '../../../bridge/guard/guard.ts';
import type { AdmittedMessage, Reply } from '../../../bridge/message.ts';
import type { PipelineEvent } from '../../../bridge/pipeline/events.ts';
import type { BridgeStore } from '../../../bridge/pipeline/receive.ts';
import { createPipeline, type PipelineOptions } from '../../../bridge/pipeline.ts';
import type { Handler, HandlerOutcome, Transport } from '../../../bridge/ports.ts';
import { openStore } from '../../../bridge/store/store.ts';

export const RULES: GuardRules = {
  mode: 'open',
  roles: { admin: ['+1 555 000 1111'] },
  defaultRole: 'member',
  denyMessage: 'Sorry, no.',
  rateLimit: 1_000_000,
  rateWindowMs: 60_000,
};

export const say = (text: string): Reply => ({ kind: 'text', text, markup: 'markdown' });

export const noFile = async () => ({ kind: 'refused', reason: 'none' }) as const;

export const textOf = ({ content }: AdmittedMessage): string =>
  content.kind === 'text' ? content.text : content.kind;

/** Answers every message with what `reply` says of it. */
export const handlerOf = (
  handle: (message: AdmittedMessage) => Promise<HandlerOutcome> | HandlerOutcome,
): Handler => ({
  name: 'test',
  start: async () => {},
  handle: async (message) => handle(message),
  check: async () => [],
  stop: async () => {},
});

export const echo = handlerOf((message) => ({
  kind: 'replies',
  replies: [say(`echo ${textOf(message)}`)],
}));

/** Waits for a condition with a deadline. */
export async function until(what: string, holds: () => boolean, timeoutMs = 10_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!holds()) {
    if (Date.now() > deadline) throw new Error(`never happened: ${what}`);
    await sleep(5);
  }
}

export interface TestBridge extends AsyncDisposable {
  readonly store: BridgeStore;
  readonly events: readonly PipelineEvent[];
  readonly dir: string;
  stop(): Promise<void>;
}

export async function startBridge(
  transport: Transport,
  options: Partial<PipelineOptions> & { rules?: Partial<GuardRules>; dir?: string } = {},
): Promise<TestBridge> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'bridge-'));
  const store: BridgeStore = openStore({ dir, exclusive: true });
  const events: PipelineEvent[] = [];
  const pipeline = createPipeline({
    store,
    guard: createGuard({ ...RULES, ...options.rules }),
    handler: echo,
    transports: [transport],
    observe: (event) => events.push(event),
    apology: 'Sorry, that went wrong.',
    concurrency: 8,
    unsureMs: 50,
    ...options,
  });
  await pipeline.start();
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (stopped) return;
    stopped = true;
    await pipeline.stop();
    store.close();
  };
  return {
    store,
    events,
    dir,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      if (!options.dir) rmSync(dir, { recursive: true, force: true });
    },
  };
}
