/**
 * `agent watch`: long-polls the metadata server for the config version that the plane wrote
 * last. On a version that is not in force it leaves a file, and systemd starts bootstrap.
 */

import { METADATA_KEYS } from '../../contracts/instance-metadata.ts';
import { parseFacts } from '../core/facts.ts';
import type { Layout } from '../core/layout.ts';
import type { Host } from '../host.ts';

/** Seconds that the metadata server holds a question without news. */
const HOLD_S = 300;
const PAUSE_MS = 10_000;
const PREFIX = '/computeMetadata/v1/instance/attributes/';

interface Seen {
  readonly etag: string;
  readonly version: string;
}

/** Waits for a value whose etag is not the one seen last; undefined when there is none. */
async function nextVersion(host: Host, etag: string): Promise<Seen | undefined> {
  const query = new URLSearchParams({
    wait_for_change: 'true',
    last_etag: etag,
    timeout_sec: String(HOLD_S),
  });
  const answer = await host.request({
    url: `${host.metadataOrigin}${PREFIX}${METADATA_KEYS.configVersion}?${query}`,
    headers: { 'metadata-flavor': 'Google' },
    timeoutMs: (HOLD_S + 30) * 1000,
  });
  if (answer.status !== 200) return undefined;
  return { etag: String(answer.headers.etag ?? '0'), version: answer.text.trim() };
}

function versionInForce(host: Host, layout: Layout): string | undefined {
  try {
    return parseFacts(host.read(layout.facts)).configVersion;
  } catch {
    return undefined;
  }
}

/** Runs until it is killed. */
export async function watchCommand(host: Host, layout: Layout): Promise<never> {
  let etag = '0';
  for (;;) {
    try {
      const seen = await nextVersion(host, etag);
      if (seen === undefined) {
        await host.sleep(PAUSE_MS);
        continue;
      }
      etag = seen.etag;
      if (seen.version === versionInForce(host, layout)) continue;
      host.log(`agent watch: config version ${seen.version} is not in force yet`);
      host.write(layout.bootstrapRequest, '', { mode: 0o644 });
    } catch (error) {
      host.log(`agent watch: ${(error as Error).message}`);
      await host.sleep(PAUSE_MS);
    }
  }
}
