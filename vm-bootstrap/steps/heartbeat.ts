/**
 * The heartbeat's text. Today's OpenClaw never reads HEARTBEAT.md: it keeps the text in its
 * database, as scratch of the job declared `heartbeat:main`. The agent may rewrite its
 * scratch; its edits are kept (`core/merge-text.ts`).
 */

import { PlaneError } from '../../contracts/plane-error.ts';
import { template } from '../core/files.ts';
import { mergeText } from '../core/merge-text.ts';
import { hasHeartbeat } from '../core/openclaw-config.ts';
import { type Gateway, gatewayAddress, withGateway } from '../gateway.ts';
import type { Context, Step } from './step.ts';

const DECLARATION = 'heartbeat:main';

interface Scratch {
  readonly scratch?: { readonly content?: string } | null;
  readonly currentRevision?: number;
}

async function jobId(gateway: Gateway): Promise<string | undefined> {
  const { jobs } = (await gateway.call('cron.list', { includeDisabled: true })) as {
    jobs: readonly { id: string; declarationKey?: string }[];
  };
  return jobs.find((job) => job.declarationKey === DECLARATION)?.id;
}

const desired = ({ templates }: Context): string => template(templates, 'HEARTBEAT.md');

/** The gateway is ready a moment before its jobs are listed. */
const JOB_WITHIN_TRIES = 100;
const JOB_WAIT_MS = 200;

/** Reads the scratch, and writes it when `write` and it differs. True when it was as it should be. */
async function settle(context: Context, write: boolean): Promise<boolean> {
  const { host, layout } = context;
  if (!hasHeartbeat(context.config)) return true;
  return withGateway(gatewayAddress(host, layout), async (gateway) => {
    const id = await jobId(gateway);
    if (id === undefined) return false;
    const now = (await gateway.call('cron.scratch.get', { id })) as Scratch;
    const current = now.scratch?.content;
    const text = mergeText(host.read(layout.heartbeatText), desired(context), current);
    if (write && text !== current) {
      await gateway.call('cron.scratch.set', {
        id,
        content: text,
        ...(now.currentRevision !== undefined && { expectedRevision: now.currentRevision }),
      });
    }
    if (write) host.write(layout.heartbeatText, desired(context), { mode: 0o600 });
    // After a write, the next round reads back what is really there.
    return text === current && host.read(layout.heartbeatText) === desired(context);
  });
}

export const heartbeat: Step<Context> = {
  name: 'heartbeat text',
  check: (context) => settle(context, false),
  async apply(context) {
    for (let attempt = 0; attempt < JOB_WITHIN_TRIES; attempt++) {
      if (await settle(context, true)) return;
      await context.host.sleep(JOB_WAIT_MS);
    }
    throw new PlaneError('UNAVAILABLE', 'The gateway has no heartbeat job to give its text to.');
  },
};
