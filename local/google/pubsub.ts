/**
 * Pub/Sub v1, as far as topics with one subscription each go: publish, pull, acknowledge. What is
 * not acknowledged in time comes again; in no order that one may rely on.
 *
 * https://cloud.google.com/pubsub/docs/reference/rest
 */

import { excerptProtos } from './excerpt.ts';
import { iamMethods } from './iam-methods.ts';
import { paginate } from './page.ts';
import { createSchema, type Json } from './proto-schema.ts';
import { createBacklog, type PubsubMessage } from './pubsub/backlog.ts';
import { PROTOS } from './pubsub/protos.ts';
import { restRoutes } from './rest-binding.ts';
import type { RpcMethod } from './rpc.ts';
import type { Service } from './service.ts';
import { GoogleError } from './service.ts';
import type { World } from './world.ts';

/** Google holds a pull that finds nothing for about so long; shorter here, so that a test ends. */
const HOLD_MS = 20_000;

/** Of a subscription whose topic was deleted: a new topic of that name is another one. */
const DELETED_TOPIC = '_deleted-topic_';

interface Subscription {
  resource: Json;
  readonly backlog: ReturnType<typeof createBacklog>;
}

const projectOf = (name: unknown): string => String(name).split('/').slice(0, 2).join('/');

function found<T>(kept: ReadonlyMap<string, T>, name: unknown): T {
  const one = kept.get(String(name));
  if (one === undefined) {
    throw new GoogleError('NOT_FOUND', `Resource not found (resource=${String(name)}).`);
  }
  return one;
}

function refuseSecond(kept: ReadonlyMap<string, unknown>, name: string): void {
  if (kept.has(name)) {
    throw new GoogleError('ALREADY_EXISTS', `Resource already exists (resource=${name}).`);
  }
}

/** Most that Google puts on a page, here also where nobody asks for less. */
const PAGE = 1_000;

/** A list method: those of `all` that are in the project, as Google's `field`. */
const listOf = (field: 'topics' | 'subscriptions', all: () => readonly Json[]): RpcMethod => ({
  demands: ({ project }) => [{ permission: `pubsub.${field}.list`, resource: String(project) }],
  handle: ({ project, pageSize, pageToken }) => {
    const inProject = all().filter(({ name }) => projectOf(name) === project);
    const { items, nextPageToken } = paginate(
      inProject,
      pageSize === undefined ? undefined : Number(pageSize),
      pageToken === undefined ? undefined : String(pageToken),
      PAGE,
    );
    return { ...(items.length > 0 && { [field]: items }), ...(nextPageToken && { nextPageToken }) };
  },
});

type Methods = Record<string, RpcMethod>;
const on =
  (permission: string, field: string) =>
  (request: Json): { permission: string; resource: string }[] => [
    { permission: `pubsub.${permission}`, resource: String(request[field]) },
  ];

function topicMethods(
  topics: Map<string, Json>,
  subscriptions: ReadonlyMap<string, Subscription>,
  now: () => number,
): Methods {
  const attachedTo = (topic: unknown): Subscription[] =>
    [...subscriptions.values()].filter(({ resource }) => resource.topic === topic);
  let published = 0;
  return {
    CreateTopic: {
      demands: ({ name }) => [{ permission: 'pubsub.topics.create', resource: projectOf(name) }],
      handle: (request) => {
        refuseSecond(topics, String(request.name));
        topics.set(String(request.name), request);
        return request;
      },
    },
    GetTopic: {
      demands: on('topics.get', 'topic'),
      handle: ({ topic }) => found(topics, topic),
    },
    ListTopics: listOf('topics', () => [...topics.values()]),
    DeleteTopic: {
      demands: on('topics.delete', 'topic'),
      handle: ({ topic }) => {
        found(topics, topic);
        topics.delete(String(topic));
        for (const one of attachedTo(topic)) {
          one.resource = { ...one.resource, topic: DELETED_TOPIC };
        }
        return {};
      },
    },
    Publish: {
      demands: on('topics.publish', 'topic'),
      handle: ({ topic, messages = [] }) => {
        found(topics, topic);
        const added = (messages as Pick<PubsubMessage, 'data' | 'attributes'>[]).map((message) => {
          published += 1;
          // Microseconds: two messages of one millisecond have an order.
          const micros = String(published % 1_000).padStart(3, '0');
          const publishTime = new Date(now()).toISOString().replace('Z', `${micros}Z`);
          return { ...message, messageId: String(published), publishTime };
        });
        for (const { backlog } of attachedTo(topic)) backlog.add(added);
        return { messageIds: added.map(({ messageId }) => messageId) };
      },
    },
  };
}

function subscriptionMethods(
  topics: ReadonlyMap<string, Json>,
  subscriptions: Map<string, Subscription>,
  now: () => number,
): Methods {
  return {
    CreateSubscription: {
      demands: ({ name, topic }) => [
        { permission: 'pubsub.subscriptions.create', resource: projectOf(name) },
        { permission: 'pubsub.topics.attachSubscription', resource: String(topic) },
      ],
      handle: (request) => {
        const name = String(request.name);
        found(topics, request.topic);
        refuseSecond(subscriptions, name);
        const deadlineMs = Number(request.ackDeadlineSeconds ?? 10) * 1_000;
        const backlog = createBacklog(deadlineMs, now);
        subscriptions.set(name, { resource: request, backlog });
        return request;
      },
    },
    GetSubscription: {
      demands: on('subscriptions.get', 'subscription'),
      handle: ({ subscription }) => found(subscriptions, subscription).resource,
    },
    ListSubscriptions: listOf('subscriptions', () =>
      [...subscriptions.values()].map(({ resource }) => resource),
    ),
    DeleteSubscription: {
      demands: on('subscriptions.delete', 'subscription'),
      handle: ({ subscription }) => {
        found(subscriptions, subscription);
        subscriptions.delete(String(subscription));
        return {};
      },
    },
    Pull: {
      demands: on('subscriptions.consume', 'subscription'),
      handle: async ({ subscription, maxMessages }) => {
        const { backlog } = found(subscriptions, subscription);
        const receivedMessages = await backlog.pull(Number(maxMessages), HOLD_MS);
        return receivedMessages.length > 0 ? { receivedMessages } : {};
      },
    },
    Acknowledge: {
      demands: on('subscriptions.consume', 'subscription'),
      handle: ({ subscription, ackIds = [] }) => {
        found(subscriptions, subscription).backlog.acknowledge(ackIds as string[]);
        return {};
      },
    },
  };
}

export interface Pubsub {
  readonly service: Service;
  /** How many messages of a subscription nobody has acknowledged yet. */
  waiting(subscription: string): number;
  /** Names of all that there are. */
  subscriptions(): readonly string[];
}

export function createPubsub({ iam, clock }: World): Pubsub {
  const topics = new Map<string, Json>();
  const subscriptions = new Map<string, Subscription>();
  const { GetIamPolicy, SetIamPolicy } = iamMethods(iam, {
    prefix: 'pubsub.subscriptions',
    mustExist: (resource) => void found(subscriptions, resource),
  });
  return {
    waiting: (subscription) => found(subscriptions, subscription).backlog.size,
    subscriptions: () => [...subscriptions.keys()],
    service: {
      name: 'pubsub',
      errorShape: 'rpc',
      routes: restRoutes({
        name: 'google.pubsub.v1.Pubsub',
        schema: createSchema(excerptProtos(PROTOS)),
        methods: {
          ...topicMethods(topics, subscriptions, clock.now),
          ...subscriptionMethods(topics, subscriptions, clock.now),
          GetIamPolicy,
          SetIamPolicy,
        },
      }),
    },
  };
}
