/** Asks root for a reload of the gateway (`agent reload-channels`) and waits for how it went. */

import { PlaneError } from '../../contracts/plane-error.ts';
import type { Layout } from '../core/layout.ts';
import { RELOAD_MS } from '../core/patience.ts';
import type { ReloadResult } from '../core/reload.ts';
import type { Host } from '../host.ts';

const POLL_MS = 200;

function readResult(host: Host, layout: Layout): ReloadResult | undefined {
  const text = host.read(layout.channelsResult);
  return text === undefined ? undefined : (JSON.parse(text) as ReloadResult);
}

/** @throws PlaneError DEADLINE_EXCEEDED when nobody answers */
export async function requestReload(host: Host, layout: Layout): Promise<ReloadResult> {
  const id = host.randomHex(8);
  host.write(layout.channelsRequest, id, { mode: 0o644 });
  const deadline = host.now().getTime() + RELOAD_MS;
  for (;;) {
    const result = readResult(host, layout);
    if (result?.id === id) return result;
    if (host.now().getTime() > deadline) {
      throw new PlaneError(
        'DEADLINE_EXCEEDED',
        'It is stored, but my gateway has not taken it yet. It does when my machine boots next, if not before.',
      );
    }
    await host.sleep(POLL_MS);
  }
}
