/** What stands for Cloud Run in front of function `vm`: infra/access.tf says who gets through. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Google, startGoogle } from '../../local/google/google.ts';
import { infraFiles, planInfra } from '../../local/plane/infra.ts';
import { demandInvoker } from '../../local/plane/invoker.ts';
import { seedAccess } from '../../local/plane/seed.ts';
import { LOCAL } from '../../local/plane/settings.ts';

const AUDIENCE = 'https://plane.agents-plane.internal';
const SERVICE = 'agents-plane-vm';

/** Status of a call with that ID token, where infra/ is as `files` say. */
async function call(
  token: (google: Google) => Promise<string> | undefined,
  files = infraFiles(),
): Promise<number> {
  const google = await startGoogle({
    projects: [LOCAL.project],
    users: [LOCAL.admin, LOCAL.viewer],
  });
  seedAccess(google, planInfra(files));
  const reached = demandInvoker(
    () => google,
    SERVICE,
    (_, response) => response.end('the function'),
  );
  const server = createServer(reached);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const bearer = await token(google);
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
      headers: bearer === undefined ? {} : { authorization: `Bearer ${bearer}` },
    });
    await answer.body?.cancel();
    return answer.status;
  } finally {
    server.closeAllConnections();
    server.close();
    await google.close();
  }
}

const agent = ({ world }: Google) =>
  world.tokens.accountIdToken(world.accounts.create(LOCAL.project.id, 'agent-allison'), AUDIENCE);
const stranger = ({ world }: Google) =>
  world.tokens.accountIdToken(
    {
      email: 'agent-x@elsewhere.iam.gserviceaccount.com',
      uniqueId: '100000000000000000001',
    },
    AUDIENCE,
  );

test('an agent gets through', async () => {
  expect(await call(agent)).toBe(200);
});

test('nobody else does: without a token, with no token, of another project', async () => {
  expect(await call(() => undefined)).toBe(403);
  expect(await call(async () => 'not-a-token')).toBe(403);
  expect(await call(stranger)).toBe(403);
});

test('without the binding in Terraform, no agent does', async () => {
  const files = infraFiles();
  const access = (files['access.tf'] ?? '').replace(
    /resource "\w+" "agents_call_vm" \{[\s\S]*?\n\}\n/,
    '',
  );
  expect(access).not.toBe(files['access.tf']);
  expect(await call(agent, { ...files, 'access.tf': access })).toBe(403);
});
