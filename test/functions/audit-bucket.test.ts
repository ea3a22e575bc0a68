/** `agents-plane audit` reads the bucket that keeps lines for `audit_days`, as infra/audit.tf declares it, and no other log. */

import { LOCAL, PLANE_ACCOUNT } from '../../local/plane/settings.ts';
import { type InProcess, startInProcess } from './support/in-process.ts';

const DAY_MS = 86_400_000;
const PROJECT = `projects/${LOCAL.project.id}`;
const BUCKET = `${PROJECT}/locations/${LOCAL.region}/buckets/agents-plane-audit`;

let plane: InProcess;
beforeAll(async () => {
  plane = await startInProcess();
});
afterAll(() => plane.close());

/** A line that function `service` printed that many days ago. */
function printed(daysAgo: number, service = 'agents-plane-api'): void {
  plane.google.logging.write({
    logName: `${PROJECT}/logs/run.googleapis.com%2Fstdout`,
    resource: { type: 'cloud_run_revision', labels: { service_name: service } },
    timestamp: new Date(Date.now() - daysAgo * DAY_MS).toISOString(),
    jsonPayload: {
      requestId: `${daysAgo} days ago`,
      audit: { audit: 'change', who: LOCAL.admin, what: 'stopAgent', agent: 'ann', outcome: 'OK' },
    },
  });
}

test('what is older than the default bucket keeps is read, and what is older than audit_days is not', async () => {
  for (const daysAgo of [400, 300, 31, 2]) printed(daysAgo);
  printed(1, 'somebody-elses');
  const { status, body } = await plane.call('GET', '/v1/audit?agent=ann');
  expect(status).toBe(200);
  expect(body.lines.map(({ requestId }: { requestId: string }) => requestId)).toEqual([
    ...['2 days ago', '31 days ago', '300 days ago'],
  ]);
});

test.each([
  ['that bucket', BUCKET, true],
  ['another bucket', BUCKET.replace('agents-plane-audit', 'theirs'), false],
])('the plane may read %s: %s, %s', (_, bucket, may) => {
  const demand = { permission: 'logging.views.access', resource: `${bucket}/views/_AllLogs` };
  expect(plane.google.world.iam.allows(`serviceAccount:${PLANE_ACCOUNT}`, demand)).toBe(may);
});

test('and not the logs of the project', () => {
  const demand = { permission: 'logging.logEntries.list', resource: PROJECT };
  expect(plane.google.world.iam.allows(`serviceAccount:${PLANE_ACCOUNT}`, demand)).toBe(false);
});
