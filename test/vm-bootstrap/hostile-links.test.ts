/** Root works in directories of the gateway's user, who puts links and pipes in its way. */

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Layout, layoutOf } from '../../vm-bootstrap/core/layout.ts';
import { machineHost } from '../../vm-bootstrap/host.ts';
import { readInputs } from '../../vm-bootstrap/inputs.ts';
import { files } from '../../vm-bootstrap/steps/files.ts';
import { openclawConfig } from '../../vm-bootstrap/steps/openclaw-config.ts';
import { converge } from '../../vm-bootstrap/steps/step.ts';
import { users } from '../../vm-bootstrap/steps/users.ts';
import { templates } from '../../vm-bootstrap/templates.ts';
import { type Cloud, startConfiguredCloud } from './support/cloud.ts';

const root = process.getuid?.() === 0;
const UID = 65_534;
const SECRET = 'root:$6$salt$hash-that-nobody-may-see:19000::::::';

(root ? describe : describe.skip)(
  root ? 'hostile links' : 'hostile links (skipped: needs root, who is led astray)',
  () => {
    let cloud: Cloud;
    let folder: string;
    let layout: Layout;
    let victim: string;

    /** A host as on a VM, where the gateway's user is this machine's nobody. */
    const machine = () => {
      const passwd = join(folder, 'passwd');
      writeFileSync(
        passwd,
        `openclaw:x:${UID}:${UID}::/:/bin/false\nagents-plane:x:2:2::/:/\nagents-plane-pair:x:3:3::/:/\nagents-plane-bridge:x:4:4::/:/\n`,
      );
      return machineHost({
        metadataHost: cloud.metadataHost,
        env: process.env,
        uid: 0,
        passwd,
        log: () => {},
      });
    };

    /** Everything that root could spoil: names, contents, modes, owners. */
    const snapshot = (): string[] =>
      [victim, ...readdirSync(victim).map((name) => join(victim, name))].map((path) => {
        const { mode, uid, gid } = lstatSync(path);
        const content = statSync(path).isFile() ? readFileSync(path, 'utf8') : '';
        return `${path} ${mode.toString(8)} ${uid}:${gid} ${content}`;
      });

    /** As the gateway's user may: in its own directories. */
    const asAgent = (path: string, plant: (path: string) => void): void => {
      rmSync(path, { recursive: true, force: true });
      plant(path);
    };
    const link =
      (target: string) =>
      (path: string): void =>
        symlinkSync(target, path);

    const context = async () => {
      const host = machine();
      return { host, layout, templates, ...(await readInputs(host)) };
    };

    beforeEach(async () => {
      cloud = await startConfiguredCloud();
      folder = mkdtempSync(join(tmpdir(), 'agent-hostile-'));
      chmodSync(folder, 0o755);
      layout = layoutOf(join(folder, 'machine'));
      victim = join(folder, 'victim');
      mkdirSync(victim, { mode: 0o755 });
      writeFileSync(join(victim, 'shadow'), SECRET, { mode: 0o600 });
      for (const name of ['AGENTS.md', 'HEARTBEAT.md', 'openclaw.json', 'SKILL.md']) {
        writeFileSync(join(victim, name), 'of somebody else', { mode: 0o644 });
      }
      mkdirSync(dirname(layout.state), { recursive: true });
      await converge([users], { host: machine(), layout, templates });
    });
    afterEach(async () => {
      rmSync(folder, { recursive: true, force: true });
      await cloud.close();
    });

    /** No text of the machine holds the secret. */
    const leaks = (): string =>
      spawnSync('grep', ['-rl', 'hash-that-nobody', layout.state], { encoding: 'utf8' }).stdout;

    test('what it makes belongs to the gateway', async () => {
      await converge([files, openclawConfig], await context());
      for (const path of [layout.workspace, layout.openclawConfig, layout.skill]) {
        expect({ path, uid: statSync(path).uid, gid: statSync(path).gid }).toEqual({
          path,
          uid: UID,
          gid: UID,
        });
      }
      expect(statSync(layout.facts).uid).toBe(0);
      expect(process.geteuid?.()).toBe(0);
      expect(await converge([users, files, openclawConfig], await context())).toEqual([]);
    });

    test.each([
      ['workspace', () => layout.workspace],
      ['skills', () => dirname(dirname(layout.skill))],
      ['skills/agents-plane', () => dirname(layout.skill)],
    ])('%s is a link to a directory of root', async (_, path) => {
      mkdirSync(dirname(path()), { recursive: true });
      const before = snapshot();
      asAgent(path(), link(victim));
      await expect(converge([files, openclawConfig], await context())).rejects.toMatchObject({
        code: 'FAILED_PRECONDITION',
      });
      await converge([users], { host: machine(), layout, templates }).catch(() => {});
      expect(snapshot()).toEqual(before);
      expect(process.geteuid?.()).toBe(0);
    });

    test.each([
      ['AGENTS.md', () => join(layout.workspace, 'AGENTS.md')],
      ['HEARTBEAT.md', () => join(layout.workspace, 'HEARTBEAT.md')],
      ['BOOTSTRAP.md', () => join(layout.workspace, 'BOOTSTRAP.md')],
      ['SKILL.md', () => layout.skill],
      ['openclaw.json', () => layout.openclawConfig],
    ])('%s is a link to a file of root, readable or not', async (_, path) => {
      await converge([files], await context());
      const before = snapshot();
      for (const target of ['shadow', 'AGENTS.md']) {
        asAgent(path(), link(join(victim, target)));
        await converge([files, openclawConfig], await context());
        expect(leaks()).toBe('');
        expect(snapshot()).toEqual(before);
      }
    });

    test('a pipe or a device in place of a file holds nothing up', async () => {
      asAgent(layout.openclawConfig, (path) => void spawnSync('mkfifo', [path]));
      asAgent(join(layout.workspace, 'HEARTBEAT.md'), link('/dev/zero'));
      await converge([files, openclawConfig], await context());
      expect(lstatSync(layout.openclawConfig).isFile()).toBe(true);
      expect(lstatSync(join(layout.workspace, 'HEARTBEAT.md')).isFile()).toBe(true);
    });

    test("a link where root makes the gateway's own directory is not followed", async () => {
      const before = snapshot();
      asAgent(layout.state, link(victim));
      expect(() =>
        machine().giveDirectory(layout.state, { mode: 0o700, owner: 'openclaw' }),
      ).toThrow();
      expect(snapshot()).toEqual(before);
    });

    test('the key goes into the file of the gateway and nowhere else', () => {
      mkdirSync(layout.keyDir, { recursive: true });
      chownSync(layout.keyDir, UID, UID);
      const before = snapshot();
      symlinkSync(join(victim, 'shadow'), layout.keyFile);
      machine().as('openclaw').write(layout.keyFile, 'a key', { mode: 0o400 });
      const { mode, uid } = lstatSync(layout.keyFile);
      expect({ mode: mode & 0o7777, uid }).toEqual({ mode: 0o400, uid: UID });
      expect(snapshot()).toEqual(before);
    });
  },
);
