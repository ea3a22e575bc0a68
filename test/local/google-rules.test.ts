// The pure parts of the emulated Google: policies, filters, checksums, pages, environment lines.
import { spawnSync } from 'node:child_process';
import { crc32c } from '../../local/google/crc32c.ts';
import { exportLines } from '../../local/google/env.ts';
import { includes, lineage, readBindings } from '../../local/google/iam-policy.ts';
import { logFilter } from '../../local/google/log-filter.ts';
import { paginate } from '../../local/google/page.ts';
import { createRoles } from '../../local/google/roles.ts';

describe('policies', () => {
  test('a resource inherits from everything above it', () => {
    expect(lineage('projects/p/secrets/s/versions/1')).toEqual([
      'projects/p/secrets/s/versions/1',
      'projects/p/secrets/s',
      'projects/p',
    ]);
  });

  const account = { principal: 'serviceAccount:a@p.iam.gserviceaccount.com', projectNumber: '7' };
  const user = { principal: 'user:a@example.com', projectNumber: undefined };
  const set = (number: string): string =>
    `principalSet://cloudresourcemanager.googleapis.com/projects/${number}/type/ServiceAccount`;
  test.each([
    [account.principal, account, true],
    [`deleted:${account.principal}?uid=1`, account, false],
    [set('7'), account, true],
    [set('8'), account, false],
    [set('7'), user, false],
    ['domain:example.com', user, true],
    ['domain:ample.com', user, false],
    ['domain:example.com', { ...account, principal: 'serviceAccount:a@example.com' }, false],
    ['allAuthenticatedUsers', user, true],
  ])('%s means %j: %s', (member, identity, meant) => {
    expect(includes(member, identity)).toBe(meant);
  });

  test('bindings are stored sorted, merged, without doubles and empty ones', () => {
    const bindings = [
      { role: 'roles/viewer', members: ['user:b@x.com', 'user:a@x.com'] },
      { role: 'roles/editor', members: [] },
      { role: 'roles/viewer', members: ['user:a@x.com'] },
    ];
    expect(readBindings({ bindings }, createRoles(), () => true)).toEqual([
      { role: 'roles/viewer', members: ['user:a@x.com', 'user:b@x.com'] },
    ]);
  });

  test.each<[string, object]>([
    ['a condition', { role: 'roles/viewer', members: [], condition: { expression: 'true' } }],
    ['an unknown role', { role: 'roles/vewer', members: [] }],
    ['members that are no list', { role: 'roles/viewer', members: 'user:a@x.com' }],
  ])('%s is refused', (_, binding) => {
    expect(() => readBindings({ bindings: [binding] }, createRoles(), () => true)).toThrow(
      expect.objectContaining({ status: 'INVALID_ARGUMENT' }),
    );
  });

  test('editors and viewers read no secret, version managers neither', () => {
    const roles = createRoles();
    for (const role of ['editor', 'viewer', 'secretmanager.secretVersionManager']) {
      expect(roles.get(`roles/${role}`)?.has('secretmanager.versions.access')).toBe(false);
    }
  });
});

test('log filters compare paths, severities by rank', () => {
  const entry = {
    severity: 'WARNING',
    logName: 'projects/p/logs/x',
    jsonPayload: { agent: { name: 'al' } },
  };
  expect(logFilter('severity>=NOTICE AND jsonPayload.agent.name="al"')(entry)).toBe(true);
  expect(logFilter('severity>=ERROR')(entry)).toBe(false);
  expect(logFilter('jsonPayload.missing="x"')(entry)).toBe(false);
  expect(() => logFilter('(((')).toThrow(expect.objectContaining({ status: 'INVALID_ARGUMENT' }));
});

test('crc32c of the check string of its specification', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
});

test('pages cover everything once', () => {
  const all = [...Array(7).keys()];
  const seen: number[] = [];
  let token: string | undefined;
  do {
    const page = paginate(all, 3, token, 100);
    seen.push(...page.items);
    token = page.nextPageToken;
  } while (token);
  expect(seen).toEqual(all);
  expect(() => paginate(all, 3, '!!', 100)).toThrow();
});

test('export lines survive a shell, whatever is in the value', () => {
  const value = `a b'c"$(echo no)\`echo no\``;
  const { stdout } = spawnSync('sh', ['-c', `${exportLines({ X: value })}printenv X`]);
  expect(stdout.toString()).toBe(`${value}\n`);
});
