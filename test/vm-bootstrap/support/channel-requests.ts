/** What agents-plane-channels.path and .service do, for a test that has no systemd. */

import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { reloadChannelsCommand } from '../../../vm-bootstrap/commands/reload-channels.ts';
import type { TestMachine } from './machine.ts';

const POLL_MS = 50;

/** @returns ends it, when the request that is under way is answered */
export function answerRequests({ host, layout, templates }: TestMachine): () => Promise<void> {
  let stopped = false;
  const run = async (): Promise<void> => {
    while (!stopped) {
      if (existsSync(layout.channelsRequest)) await reloadChannelsCommand(host, layout, templates);
      await sleep(POLL_MS);
    }
  };
  const running = run();
  return () => {
    stopped = true;
    return running;
  };
}
