/** All that was written down about an agent where an operator may read it later, by what it is. */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LOCAL } from '../../../local/plane/settings.ts';
import type { Stage } from './stage.ts';

/** Log files beside the journal: OpenClaw's own, wherever it puts them, and Debian's. */
const LOG_FILES = `find / -xdev \\( -path '/var/log/*' -o -name '*.log' \\) -type f ! -path '/proc/*' ! -path '/var/log/journal/*' ! -path '/usr/*' ! -path '/opt/*/node_modules/*'`;

/** The journal, the log files and the serial port of the machine; the functions' logs; Cloud Logging. */
export async function loggedOf(stage: Stage, name: string): Promise<ReadonlyMap<string, string>> {
  const { logDir } = stage.plane;
  const functions = await Promise.all(
    (await readdir(logDir)).map((file) => readFile(join(logDir, file), 'utf8')),
  );
  const entries = await stage.google('POST', '/v2/entries:list', {
    resourceNames: [`projects/${LOCAL.project.id}`],
  });
  return new Map([
    ['journal', await stage.out(name, 'journalctl --no-pager --all --output=export')],
    ['log files', await stage.out(name, `${LOG_FILES} -exec cat {} + 2>/dev/null || true`)],
    ['serial port', await stage.serialOutput(name)],
    ['functions', functions.join('\n')],
    ['Cloud Logging', JSON.stringify(entries.body)],
  ]);
}

/** Which of these texts stand in which log: `journal: +1555...`. */
export const found = (logs: ReadonlyMap<string, string>, texts: readonly string[]): string[] =>
  [...logs].flatMap(([log, said]) =>
    texts.filter((text) => said.includes(text)).map((text) => `${log}: ${text}`),
  );
