/** Whatever is wrong with the project, the tools or the settings: a clear error, and nothing changed. */

import { spawnSync } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SHARED_KEY_SECRET } from '../../contracts/names.ts';
import { seedBucket } from '../../local/google/seed.ts';
import { LOCAL } from '../../local/plane/settings.ts';
import { type EmptyProject, openEmptyProject, SETTINGS } from './support/empty-project.ts';
import { runScript } from './support/run-script.ts';

const gcloud = spawnSync('gcloud', ['--version']).status === 0;
const MINUTE = 60_000;
const READS = /\.(Get|List|TestIam|get|list|testIam)\w*$/;

/** Runs setup.sh on it; throws when anything in the project was changed. */
async function refused(project: EmptyProject, env: Readonly<Record<string, string>> = project.env) {
  const mark = project.google.recording.length;
  const config = join(project.folder, 'plane.toml');
  const ran = await runScript('setup.sh', ['--yes', '--key-stdin', '--config', config], {
    env,
    stdin: 'a-key',
  });
  const methods = project.google.recording.slice(mark).map(({ method }) => method);
  expect(methods.filter((method) => !READS.test(method))).toEqual([]);
  expect(ran.code).toBe(1);
  return ran.said;
}

(gcloud ? describe : describe.skip)(
  `bad input to setup.sh${gcloud ? '' : ' (skipped: gcloud is not installed)'}`,
  () => {
    let project: EmptyProject;
    beforeAll(async () => {
      project = await openEmptyProject();
    });
    afterAll(() => project.close());
    const settings = (text: string) => writeFile(join(project.folder, 'plane.toml'), text);
    beforeEach(() => settings(SETTINGS));

    test.each([
      ['an unknown key', `${SETTINGS}\nzones = "x"\n`, 'zones: there is no such setting'],
      ['a wrong value', SETTINGS.replace('europe-west1-b', 'Europe'), 'zone: not a zone'],
      ['a missing one', SETTINGS.replace(/^mail_from.*$/m, ''), 'mail_from'],
      [
        "the plane's own project as a cell",
        `${SETTINGS}\n[[cells]]\nproject = "${LOCAL.project.id}"\n`,
        "cells.0.project: is the plane's own project",
      ],
      ['no TOML', 'project = ', 'is not TOML'],
      [
        'an unknown key of the agent',
        `${SETTINGS}\n[agent]\nuser = "a@nine30.com"\nuserPhone = "+15551234567"\nphone = 1\n`,
        'agent.phone: there is no such setting',
      ],
    ])('settings: %s', async (_what, text, message) => {
      await settings(text);
      expect(await refused(project)).toContain(message);
    });

    test(
      'a project that does not exist',
      async () => {
        await settings(SETTINGS.replace(LOCAL.project.id, 'nine30-typo'));
        expect(await refused(project)).toContain('project nine30-typo does not exist');
      },
      3 * MINUTE,
    );

    test(
      'a cell that does not exist',
      async () => {
        await settings(`${SETTINGS}\n[[cells]]\nproject = "nine30-typo"\n`);
        expect(await refused(project)).toContain('project nine30-typo does not exist');
      },
      3 * MINUTE,
    );

    test(
      'billing off, somebody else has the name of our secret, no address left: all of it is said at once',
      async () => {
        const { google, tools } = project;
        tools.facts.unbilled.add(LOCAL.project.id);
        tools.facts.quotas = [{ metric: 'IN_USE_ADDRESSES', limit: 8, usage: 8 }];
        seedBucket(google, LOCAL.project.id, LOCAL.bucket);
        const { accessToken } = google.tokens.access(`user:${LOCAL.admin}`);
        await fetch(
          `${google.restUrl}/v1/projects/${LOCAL.project.id}/secrets?secretId=${SHARED_KEY_SECRET}`,
          {
            method: 'POST',
            headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
            body: JSON.stringify({ replication: { automatic: {} } }),
          },
        );
        const said = await refused(project);
        expect(said).toContain('billing is off');
        expect(said).toContain(`bucket ${LOCAL.bucket} exists, and was not made by this`);
        expect(said).toContain(`secret ${SHARED_KEY_SECRET} exists without label`);
        expect(said).toContain('IN_USE_ADDRESSES has 0 left of 8');
        expect(said).toContain('nothing was changed');
      },
      3 * MINUTE,
    );

    test(
      'an old gcloud',
      async () => {
        const bin = join(project.folder, 'bin');
        await mkdir(bin);
        await writeFile(join(bin, 'gcloud'), '#!/bin/sh\necho 400.0.0\n');
        await chmod(join(bin, 'gcloud'), 0o755);
        const env = { ...project.env, PATH: `${bin}:${project.env.PATH}` };
        expect(await refused(project, env)).toContain('gcloud 400.0.0 is too old');
      },
      3 * MINUTE,
    );

    test(
      'nobody is signed in',
      async () => {
        const { CLOUDSDK_CORE_ACCOUNT: _, ...env } = project.env;
        expect(await refused(project, env)).toContain("run 'gcloud auth login'");
      },
      3 * MINUTE,
    );

    test(
      'a caller who may look but not change',
      async () => {
        const viewer = await openEmptyProject(SETTINGS, ['roles/viewer']);
        try {
          const said = await refused(viewer);
          expect(said).toMatch(/you lack .*resourcemanager.projects.setIamPolicy/);
          expect(said).toContain('ask an owner');
        } finally {
          await viewer.close();
        }
      },
      3 * MINUTE,
    );
  },
);
