/** A VM that starts from a plain debian-12: slower, and the same in the end. */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureImage } from '../../local/machines/image.ts';
import { ensurePlain } from './support/plain/image.ts';
import { CACHE, canRun, MINUTE, openStage, type Stage } from './support/stage.ts';

const { can, why } = await canRun('nspawn');
const ALLISON = { user: 'allison@nine30.com', userPhone: '+15551234567' };
/** Guards, no claims: how long this takes is decided by who else uses the machine. */
const INSTALL_MS = 30 * MINUTE;
const COMMAND_MS = 5 * MINUTE;
const BUILD = { cacheDir: CACHE, env: process.env };
/** Names and sizes of what is installed; the list that npm keeps for itself names its own version. */
const LIST = `find . -type f ! -name .package-lock.json -printf '%P %s\\n' -o -type l -printf '%P %l\\n' | sort`;

(can ? describe : describe.skip)(
  `a start without the image${can ? '' : ` (skipped: ${why})`}`,
  () => {
    let stage: Stage;
    beforeAll(async () => {
      const image = await ensurePlain(BUILD);
      stage = await openStage({ kind: 'nspawn', sharedKey: 'sk-ant-local-plain', image });
      await stage.api('POST', '/v1/agents', ALLISON);
    }, INSTALL_MS);
    afterAll(() => stage?.close(), COMMAND_MS);
    const out = (script: string) => stage.out('allison', script, { timeoutMs: COMMAND_MS });

    test(
      'the agent becomes ready, on what the image has',
      async () => {
        await stage.follow('allison', 'ready', INSTALL_MS);
        expect(await out('agent ask "What can you do?"')).toContain(ALLISON.user);
        const image = join(await ensureImage(BUILD), 'opt/openclaw');
        const built = execFileSync('sh', ['-c', LIST], {
          cwd: image,
          encoding: 'utf8',
          maxBuffer: 1 << 26,
        });
        expect((await out(`cd /opt/openclaw && ${LIST}`)).split('\n')).toEqual(
          built.trim().split('\n'),
        );
        expect(await out('node --version')).toBe(process.version);
      },
      INSTALL_MS + 2 * COMMAND_MS,
    );

    test(
      'of the installation nothing is left, and a boot does not repeat it',
      async () => {
        expect(
          await out('ls -d /var/tmp/agents-plane* /usr/share/nodejs 2>/dev/null || true'),
        ).toBe('');
        expect(await out('which -a node npm || true')).toBe('/usr/local/bin/node');
        const installed = await out('stat --format=%Y /opt/agents-plane/node/bin/node');
        await out('systemctl restart google-startup-scripts');
        expect(await out('stat --format=%Y /opt/agents-plane/node/bin/node')).toBe(installed);
      },
      2 * COMMAND_MS,
    );
  },
);
