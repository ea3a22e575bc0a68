/** Port `WorkQueue` on Cloud Tasks: googleapis' single-API module, a few KB where the generated client brings protos. */

import { cloudtasks_v2 } from 'googleapis/build/src/apis/cloudtasks/v2.js';
import { below } from '../../contracts/url.ts';
import type { WorkQueue } from '../service/ports.ts';
import type { GoogleAccess } from './google-access.ts';
import { call, make } from './google-error.ts';
import { lastSegment } from './google-place.ts';

export interface QueueSettings {
  /** `projects/p/locations/l/queues/q` */
  readonly queue: string;
  /** URL of the function that does the work; also the audience of the token it is brought with. */
  readonly audience: string;
  /** Whose token that is. */
  readonly tasksAccount: string;
}

/** Most that Cloud Tasks gives in one page. */
const PAGE_SIZE = 1000;
const PAGES_MAX = 10;

export function tasksDriver(
  access: GoogleAccess,
  { queue, audience, tasksAccount }: QueueSettings,
): WorkQueue {
  const { tasks } = new cloudtasks_v2.Cloudtasks(access.rest).projects.locations.queues;
  return {
    async add(id, path, body, notBefore) {
      const httpRequest = {
        url: below(audience, path),
        httpMethod: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: Buffer.from(JSON.stringify(body)).toString('base64'),
        oidcToken: { serviceAccountEmail: tasksAccount, audience },
      };
      const task = {
        name: `${queue}/tasks/${id}`,
        httpRequest,
        ...(notBefore === undefined ? {} : { scheduleTime: new Date(notBefore).toISOString() }),
      };
      await make('create a task', () => tasks.create({ parent: queue, requestBody: { task } }));
    },
    waiting: () =>
      call('list the tasks', async () => {
        const ids: string[] = [];
        let pageToken = '';
        for (let page = 0; page < PAGES_MAX; page += 1) {
          const { data } = await tasks.list({
            parent: queue,
            pageSize: PAGE_SIZE,
            fields: 'tasks(name),nextPageToken',
            ...(pageToken && { pageToken }),
          });
          ids.push(...(data.tasks ?? []).map(({ name }) => lastSegment(name)));
          pageToken = data.nextPageToken ?? '';
          if (!pageToken) break;
        }
        return ids;
      }),
  };
}
