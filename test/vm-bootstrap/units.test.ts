import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { templates } from '../../vm-bootstrap/templates.ts';

const UNITS = Object.entries(templates)
  .filter(([name]) => name.startsWith('units/'))
  .map(([name, text]) => [name.replace('units/', ''), text] as const);
const SERVICES = UNITS.map(([name]) => name).filter((name) => name.endsWith('.service'));
/** What `systemd-analyze security` may say at most; the gateway's own is what it can bear. */
const EXPOSURE: Readonly<Record<string, number>> = {
  'openclaw-gateway.service': 1.7,
  'agents-plane-bootstrap.service': 2.7,
  'agents-plane-backup.service': 2.2,
  'agents-plane-key.service': 2.6,
  'agents-plane-channels.service': 2.7,
};
const EXPOSURE_OF_OTHERS = 1.7;

const analyze = (cwd: string, ...args: string[]) =>
  spawnSync('systemd-analyze', args, { cwd, encoding: 'utf8' });

const there = analyze('/', '--version').status === 0;

(there ? describe : describe.skip)(
  there ? 'units' : 'units (skipped: no systemd-analyze on this machine)',
  () => {
    let folder: string;

    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'agent-units-'));
      for (const [name, text] of UNITS) {
        // The programs are on the agent's machine, not on this one.
        const here = text
          .replaceAll('/usr/local/bin/agent', '/bin/true')
          .replaceAll('/usr/sbin/nft', '/bin/true')
          .replaceAll('/opt/agents-plane/node/bin/node', '/bin/true');
        writeFileSync(join(folder, name), here);
      }
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test('systemd-analyze verify has nothing to say', () => {
      const names = UNITS.map(([name]) => join(folder, name));
      const said = analyze(folder, 'verify', '--man=no', '--recursive-errors=no', ...names);
      expect(said.stderr + said.stdout).toBe('');
      expect(said.status).toBe(0);
    });

    test.each(SERVICES)('%s is hardened', (name) => {
      const threshold = String((EXPOSURE[name] ?? EXPOSURE_OF_OTHERS) * 10);
      const path = join(folder, name);
      const said = analyze(
        folder,
        'security',
        '--offline=true',
        '--no-pager',
        `--threshold=${threshold}`,
        path,
      );
      expect({
        status: said.status,
        last: said.status === 0 ? '' : said.stdout.split('\n').at(-2),
      }).toEqual({
        status: 0,
        last: '',
      });
    });
  },
);
