/** One plane over two projects, in this process. */

import { LOCAL } from '../../../local/plane/settings.ts';
import { send } from '../harness.ts';
import { type InProcess, startInProcess } from './in-process.ts';

export const TWO = { id: 'nine30-two', number: '223456789012', name: 'Nine30, the second' };

export interface TwoCells extends InProcess {
  /** As the admin; waits until Google is done with it. */
  post(path: string, body?: object): ReturnType<InProcess['call']>;
  /** Secret Manager of one project, as the admin of the local organisation. */
  asOwner(project: string, method: string, path: string, body?: object): ReturnType<typeof send>;
}

/** @param rooms how many agents each project may hold */
export async function startTwoCells(rooms: readonly [number, number]): Promise<TwoCells> {
  const env = {
    AGENTS_PLANE_CELLS: `${LOCAL.project.id}=${rooms[0]},${TWO.id}=${rooms[1]}`,
    AGENTS_PLANE_ROUND_PAUSE: '0',
  };
  const plane = await startInProcess(undefined, 'virtual', env, [TWO]);
  const { google } = plane;
  return {
    ...plane,
    async post(path, body) {
      const answer = await plane.call('POST', path, body);
      await google.compute.operations.idle();
      return answer;
    },
    asOwner(project, method, path, body) {
      const { accessToken } = google.tokens.access(`user:${LOCAL.admin}`);
      return send(`${google.restUrl}/v1/projects/${project}/${path}`, method, accessToken, body);
    },
  };
}
