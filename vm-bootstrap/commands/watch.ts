/**
 * `agent watch`: long-polls the metadata server for the config version that the plane wrote
 * last. On a version that is not in force it leaves a file, and systemd starts bootstrap.
 */

import { METADATA_KEYS } from '../../contracts/instance-metadata.ts';
import { parseFacts } from '../core/facts.ts';
import type { Layout } from '../core/layout.ts';
import { waitForMetadata } from '../google/metadata.ts';
import type { Host } from '../host.ts';

const PAUSE_MS = 10_000;
const ATTRIBUTE = `instance/attributes/${METADATA_KEYS.configVersion}`;

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
      const seen = await waitForMetadata(host, ATTRIBUTE, etag);
      if (seen === undefined) {
        await host.sleep(PAUSE_MS);
        continue;
      }
      etag = seen.etag;
      const version = seen.text.trim();
      if (version === versionInForce(host, layout)) continue;
      host.log(`agent watch: config version ${version} is not in force yet`);
      host.write(layout.bootstrapRequest, '', { mode: 0o644 });
    } catch (error) {
      host.log(`agent watch: ${(error as Error).message}`);
      await host.sleep(PAUSE_MS);
    }
  }
}
