/** What stands for Cloud Run in front of function `vm`: infra/access.tf says who gets through. */

import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inBothHeaders, withoutSignature } from '../../local/google/cloud-run.ts';
import { type Google, startGoogle } from '../../local/google/google.ts';
import { infraFiles, planInfra } from '../../local/plane/infra.ts';
import { demandInvoker } from '../../local/plane/invoker.ts';
import { seedAccess } from '../../local/plane/seed.ts';
import { LOCAL } from '../../local/plane/settings.ts';

const AUDIENCE = 'https://plane.agents-plane.internal';
const SERVICE = 'agents-plane-vm';

const ALONE = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** What comes of a call with that ID token, where infra/ is as `files` say; and what the function saw of it. */
async function ask(
  token: (google: Google) => Promise<string> | undefined,
  headersOf = ALONE,
  files = infraFiles(),
): Promise<{ status: number; seen: IncomingHttpHeaders; token: string | undefined }> {
  const google = await startGoogle({
    projects: [LOCAL.project],
    users: [LOCAL.admin, LOCAL.viewer],
  });
  seedAccess(google, planInfra(files));
  let seen: IncomingHttpHeaders = {};
  const reached = demandInvoker(
    () => google,
    SERVICE,
    (request, response) => {
      seen = request.headers;
      response.end('the function');
    },
  );
  const server = createServer(reached);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const bearer = await token(google);
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`, {
      headers: bearer === undefined ? {} : headersOf(bearer),
    });
    await answer.body?.cancel();
    return { status: answer.status, seen, token: bearer };
  } finally {
    server.closeAllConnections();
    server.close();
    await google.close();
  }
}

const call = async (token: Parameters<typeof ask>[0], files?: ReturnType<typeof infraFiles>) =>
  (await ask(token, ALONE, files)).status;

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

describe('the token that Cloud Run has checked reaches the function without its signature', () => {
  test('Authorization, where that is all there is', async () => {
    const { status, seen, token = '' } = await ask(agent);
    expect(status).toBe(200);
    expect(seen.authorization).toBe(`Bearer ${withoutSignature(token)}`);
    expect(seen.authorization).toMatch(/\.SIGNATURE_REMOVED_BY_GOOGLE$/);
  });

  test('X-Serverless-Authorization beside it, which then stays whole', async () => {
    const { seen, token = '' } = await ask(agent, inBothHeaders);
    expect(seen.authorization).toBe(`Bearer ${token}`);
    expect(seen['x-serverless-authorization']).toBe(`Bearer ${withoutSignature(token)}`);
  });

  test('and nobody brings one that has none', async () => {
    expect(await call(async (google) => withoutSignature(await agent(google)))).toBe(401);
  });
});
