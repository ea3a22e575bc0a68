/**
 * `agent watch`: long-polls the metadata server for the versions, of the config and of a business
 * number's credentials, that the plane wrote last. On one that is not in force it leaves a file,
 * and systemd starts bootstrap.
 */

import { METADATA_KEYS } from '../../contracts/instance-metadata.ts';
import { parseFacts } from '../core/facts.ts';
import type { Layout } from '../core/layout.ts';
import { waitForMetadata } from '../google/metadata.ts';
import type { Host } from '../host.ts';

const PAUSE_MS = 10_000;
const ATTRIBUTES = 'instance/attributes/';

type Versions = readonly [config: string | undefined, number: string | undefined];

function inForce(host: Host, layout: Layout): Versions {
  try {
    const { configVersion, numberVersion } = parseFacts(host.read(layout.facts));
    return [configVersion, numberVersion];
  } catch {
    return [undefined, undefined];
  }
}

/** @param text the attributes as JSON */
function announced(text: string): Versions {
  const attributes = JSON.parse(text) as Readonly<Record<string, string>>;
  return [attributes[METADATA_KEYS.configVersion]?.trim(), attributes[METADATA_KEYS.whatsapp]];
}

/** Runs until it is killed. */
export async function watchCommand(host: Host, layout: Layout): Promise<never> {
  let etag = '0';
  for (;;) {
    try {
      const seen = await waitForMetadata(host, ATTRIBUTES, etag);
      if (seen === undefined) {
        await host.sleep(PAUSE_MS);
        continue;
      }
      etag = seen.etag;
      const [config, number] = announced(seen.text);
      const [configNow, numberNow] = inForce(host, layout);
      if (config === configNow && number === numberNow) continue;
      const what = config === configNow ? `number version ${number}` : `config version ${config}`;
      host.log(`agent watch: ${what} is not in force yet`);
      host.write(layout.bootstrapRequest, '', { mode: 0o644 });
    } catch (error) {
      host.log(`agent watch: ${(error as Error).message}`);
      await host.sleep(PAUSE_MS);
    }
  }
}
