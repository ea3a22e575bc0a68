/**
 * Sends the tasks of one queue: at most so many a second and so many at once, again after a
 * pause when the answer is not 2xx, with an ID token of the account that the task names.
 */

import type { World } from '../world.ts';
import { backoffMs, type QueueSettings, type Task } from './queue.ts';

/** What waits for it: a default, https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks#Task */
const DEADLINE_MS = 600_000;

export interface Dispatcher {
  /** Tasks that wait or are under way, the oldest first. */
  readonly tasks: ReadonlyMap<string, Task>;
  add(task: Task): void;
  remove(name: string): void;
  close(): void;
}

export interface DispatchOptions {
  readonly world: World;
  readonly settings: QueueSettings;
  readonly sleep: (ms: number) => Promise<void>;
  /** Where a public address is on this machine. */
  readonly reach: (url: string) => string;
  /** Told of a task that is over: done, or given up. */
  readonly ended: (task: Task) => void;
}

/** One attempt. @returns whether it was taken */
async function send(
  { accounts, tokens }: World,
  task: Task,
  reach: DispatchOptions['reach'],
): Promise<boolean> {
  const { url, httpMethod = 'POST', headers, body, oidcToken } = task.httpRequest;
  const account = oidcToken && accounts.find(oidcToken.serviceAccountEmail);
  const token = account && (await tokens.accountIdToken(account, oidcToken.audience ?? url));
  try {
    const answer = await fetch(reach(url), {
      method: httpMethod,
      headers: {
        ...headers,
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        'x-cloudtasks-taskname': task.name.split('/').at(-1) ?? '',
        'x-cloudtasks-queuename': task.name.split('/').at(-3) ?? '',
        'x-cloudtasks-taskretrycount': String(task.attempts - 1),
      },
      ...(body === undefined ? {} : { body: Buffer.from(body, 'base64') }),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false;
  }
}

export function createDispatcher({
  world,
  settings,
  sleep,
  reach,
  ended,
}: DispatchOptions): Dispatcher {
  const { now } = world.clock;
  const tasks = new Map<string, Task>();
  const underWay = new Set<string>();
  const spacing = 1000 / settings.maxDispatchesPerSecond;
  let nextAt = 0;
  let looking = false;
  let closed = false;

  const attempt = async (task: Task): Promise<void> => {
    const begun = { ...task, attempts: task.attempts + 1 };
    tasks.set(task.name, begun);
    underWay.add(task.name);
    const taken = await send(world, begun, reach);
    underWay.delete(task.name);
    if (!tasks.has(task.name)) return;
    if (taken || begun.attempts >= settings.maxAttempts) {
      tasks.delete(task.name);
      ended(begun);
    } else tasks.set(task.name, { ...begun, due: now() + backoffMs(settings, begun.attempts) });
    void look();
  };

  const look = async (): Promise<void> => {
    if (looking || closed) return;
    looking = true;
    while (!closed) {
      const waiting = [...tasks.values()].filter(({ name }) => !underWay.has(name));
      if (waiting.length === 0 || underWay.size >= settings.maxConcurrentDispatches) break;
      const next = waiting.reduce((a, b) => (b.due < a.due ? b : a));
      const pause = Math.max(nextAt, next.due) - now();
      if (pause > 0) {
        await sleep(Math.min(pause, 1000));
        continue;
      }
      // What was missed while nothing waited is not made up for.
      nextAt = Math.max(nextAt + spacing, now() - spacing);
      void attempt(next);
    }
    looking = false;
  };

  return {
    tasks,
    add(task) {
      tasks.set(task.name, task);
      void look();
    },
    remove: (name) => void tasks.delete(name),
    close() {
      closed = true;
    },
  };
}
