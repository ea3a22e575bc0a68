/**
 * Cloud Tasks, as far as the plane uses it: queues that Terraform or a call makes, tasks with a
 * name of the caller's choice (taken once), sent over HTTP at the queue's rate.
 *
 * https://cloud.google.com/tasks/docs/reference/rest/v2
 */

import { z } from 'zod';
import { paginate } from './page.ts';
import type { Call, Demand, Route, Service } from './service.ts';
import { GoogleError } from './service.ts';
import { createDispatcher, type Dispatcher } from './tasks/dispatch.ts';
import { DEFAULTS, type QueueSettings, type Task } from './tasks/queue.ts';
import type { World } from './world.ts';

/** A name is not taken again for about an hour after its task is over. */
const REMEMBERED_MS = 3_600_000;
const PAGE_MAX = 1000;

const seconds = z.string().regex(/^\d+(\.\d+)?s$/);
const queueBody = z.strictObject({
  name: z.string().optional(),
  rateLimits: z
    .strictObject({
      maxDispatchesPerSecond: z.number().positive().max(500).optional(),
      maxConcurrentDispatches: z.number().int().min(1).max(5000).optional(),
    })
    .optional(),
  retryConfig: z
    .strictObject({
      maxAttempts: z.number().int().optional(),
      minBackoff: seconds.optional(),
      maxBackoff: seconds.optional(),
      maxDoublings: z.number().int().optional(),
    })
    .optional(),
});
const taskBody = z.strictObject({
  task: z.strictObject({
    name: z.string().optional(),
    scheduleTime: z.iso.datetime().optional(),
    dispatchDeadline: seconds.optional(),
    httpRequest: z.strictObject({
      url: z.url({ protocol: /^https?$/ }),
      httpMethod: z.enum(['GET', 'POST', 'PUT', 'DELETE', 'PATCH']).optional(),
      headers: z.record(z.string(), z.string()).optional(),
      body: z.base64().max(140_000).optional(),
      oidcToken: z
        .strictObject({ serviceAccountEmail: z.string(), audience: z.string().optional() })
        .optional(),
    }),
  }),
  responseView: z.string().optional(),
});

export interface Queue {
  readonly name: string;
  readonly settings: QueueSettings;
  readonly dispatcher: Dispatcher;
  /** Names of tasks that are over, and when. */
  readonly over: Map<string, number>;
}

export interface Tasks {
  readonly service: Service;
  readonly queues: ReadonlyMap<string, Queue>;
  /** What Terraform does: changes nothing when there is one. */
  createQueue(name: string, settings?: Partial<QueueSettings>): Queue;
  removeQueue(name: string): void;
  close(): void;
}

const ms = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Number(text.slice(0, -1)) * 1000;
const stamp = (at: number): string => new Date(at).toISOString();

function parse<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const at = issue?.path.join('.') ?? '';
  throw new GoogleError('INVALID_ARGUMENT', `Invalid value at '${at}': ${issue?.message}`);
}

function settingsIn(body: z.output<typeof queueBody>): Partial<QueueSettings> {
  const { rateLimits = {}, retryConfig = {} } = body;
  const { minBackoff, maxBackoff, ...retry } = retryConfig;
  const given = {
    ...rateLimits,
    ...retry,
    minBackoffMs: ms(minBackoff),
    maxBackoffMs: ms(maxBackoff),
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

const view = ({ name, settings }: Queue) => ({
  name,
  rateLimits: {
    maxDispatchesPerSecond: settings.maxDispatchesPerSecond,
    maxBurstSize: 1,
    maxConcurrentDispatches: settings.maxConcurrentDispatches,
  },
  retryConfig: {
    maxAttempts: settings.maxAttempts,
    minBackoff: `${settings.minBackoffMs / 1000}s`,
    maxBackoff: `${settings.maxBackoffMs / 1000}s`,
    maxDoublings: settings.maxDoublings,
  },
  state: 'RUNNING',
});
const taskView = ({ name, httpRequest, due, createdAt, attempts }: Task) => {
  const { body: _, ...request } = httpRequest;
  const times = { scheduleTime: stamp(due), createTime: stamp(createdAt) };
  return { name, httpRequest: request, ...times, dispatchCount: attempts, view: 'BASIC' };
};

const parentOf = ({ params }: Call): string =>
  `projects/${params.project}/locations/${params.location}`;
const queueOf = (call: Call): string => `${parentOf(call)}/queues/${call.params.queue}`;
const on =
  (permission: string, resource: (call: Call) => string) =>
  (call: Call): readonly Demand[] => [
    { permission: `cloudtasks.${permission}`, resource: resource(call) },
  ];

/** Whoever has a task sent as an account must be allowed to act as it. */
function actAs({ body }: Call): readonly Demand[] {
  const email = parse(taskBody, body).task.httpRequest.oidcToken?.serviceAccountEmail;
  if (email === undefined) return [];
  const project = /@([^.]+)\.iam\./.exec(email)?.[1] ?? '-';
  const resource = `projects/${project}/serviceAccounts/${email}`;
  return [{ permission: 'iam.serviceAccounts.actAs', resource }];
}

interface Parts {
  readonly queues: ReadonlyMap<string, Queue>;
  readonly find: (call: Call) => Queue;
  readonly createQueue: Tasks['createQueue'];
  readonly createTask: (call: Call) => object;
}

const QUEUES = '/v2/projects/:project/locations/:location/queues';
const METHOD = 'google.cloud.tasks.v2.CloudTasks';
const routesOf = ({ queues, find, createQueue, createTask }: Parts): readonly Route[] => [
  {
    verb: 'POST',
    path: QUEUES,
    method: `${METHOD}.CreateQueue`,
    demands: on('queues.create', parentOf),
    handle: (call) => {
      const body = parse(queueBody, call.body);
      const name = body.name ?? '';
      if (!name.startsWith(`${parentOf(call)}/queues/`)) {
        throw new GoogleError('INVALID_ARGUMENT', 'The queue name is invalid.');
      }
      if (queues.has(name)) throw new GoogleError('ALREADY_EXISTS', 'Queue already exists');
      return view(createQueue(name, settingsIn(body)));
    },
  },
  {
    verb: 'GET',
    path: `${QUEUES}/:queue`,
    method: `${METHOD}.GetQueue`,
    demands: on('queues.get', queueOf),
    handle: (call) => view(find(call)),
  },
  {
    verb: 'POST',
    path: `${QUEUES}/:queue/tasks`,
    method: `${METHOD}.CreateTask`,
    demands: (call) => [...on('tasks.create', queueOf)(call), ...actAs(call)],
    handle: createTask,
  },
  {
    verb: 'GET',
    path: `${QUEUES}/:queue/tasks`,
    method: `${METHOD}.ListTasks`,
    demands: on('tasks.list', queueOf),
    handle: (call) => {
      const all = [...find(call).dispatcher.tasks.values()];
      const size = Number(call.query.get('pageSize') ?? 0) || undefined;
      const token = call.query.get('pageToken') ?? undefined;
      const { items, ...next } = paginate(all, size, token, PAGE_MAX);
      return { tasks: items.map(taskView), ...next };
    },
  },
];

/** Does not keep the process alive: an emulator that is left alone may end. */
const unrefSleep = (pause: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, pause).unref();
  });

export interface TasksOptions {
  readonly sleep?: (ms: number) => Promise<void>;
  /** Where a public address is on this machine: there, tasks are sent. */
  readonly reach?: (url: string) => string;
}

export function createTasks(
  world: World,
  { sleep = unrefSleep, reach = (url) => url }: TasksOptions = {},
): Tasks {
  const queues = new Map<string, Queue>();
  const { now } = world.clock;
  const find = (call: Call): Queue => {
    const queue = queues.get(queueOf(call));
    if (!queue) throw new GoogleError('NOT_FOUND', 'Queue does not exist.');
    return queue;
  };
  const createQueue: Tasks['createQueue'] = (name, given = {}) => {
    const known = queues.get(name);
    if (known) return known;
    const settings = { ...DEFAULTS, ...given };
    const over = new Map<string, number>();
    const ended = (task: Task): void => void over.set(task.name, now());
    const dispatcher = createDispatcher({ world, settings, sleep, reach, ended });
    const queue = { name, settings, dispatcher, over };
    queues.set(name, queue);
    return queue;
  };
  const removeQueue = (name: string): void => {
    queues.get(name)?.dispatcher.close();
    queues.delete(name);
  };

  const createTask = (call: Call): object => {
    const queue = find(call);
    const { task } = parse(taskBody, call.body);
    const name = task.name ?? `${queue.name}/tasks/${world.random()}`;
    if (!name.startsWith(`${queue.name}/tasks/`) || !/\/[\w-]{1,500}$/.test(name)) {
      throw new GoogleError(
        'INVALID_ARGUMENT',
        `Task name must be formatted: ${queue.name}/tasks/TASK_ID`,
      );
    }
    const recent = (queue.over.get(name) ?? Number.NEGATIVE_INFINITY) > now() - REMEMBERED_MS;
    if (recent || queue.dispatcher.tasks.has(name)) {
      throw new GoogleError('ALREADY_EXISTS', 'Requested entity already exists');
    }
    const { httpRequest, scheduleTime } = task;
    const email = httpRequest.oidcToken?.serviceAccountEmail;
    if (email !== undefined && !world.accounts.find(email)) {
      throw new GoogleError('INVALID_ARGUMENT', `The principal ${email} does not exist.`);
    }
    const due = scheduleTime ? Date.parse(scheduleTime) : now();
    const created: Task = { name, httpRequest, due, createdAt: now(), attempts: 0 };
    queue.dispatcher.add(created);
    return taskView(created);
  };

  const routes = routesOf({ queues, find, createQueue, createTask });
  return {
    service: { name: 'cloudtasks', errorShape: 'rpc', routes },
    queues,
    createQueue,
    removeQueue,
    close: () => [...queues.keys()].forEach(removeQueue),
  };
}
