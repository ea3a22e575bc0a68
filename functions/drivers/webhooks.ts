/**
 * Port `Webhooks` on Pub/Sub: a topic of each agent's own, with one subscription, which the
 * agent's VM pulls from (docs/decisions/063).
 * https://cloud.google.com/pubsub/docs/reference/rest
 */

import { pubsub_v1 } from 'googleapis/build/src/apis/pubsub/v1.js';
import { type AgentName, labelsOf, webhookQueueId } from '../../contracts/names.ts';
import type { QueuePart } from '../core/observed.ts';
import { ROLE_SUBSCRIBER } from '../core/policy.ts';
import type { Webhooks } from '../service/ports.ts';
import type { GoogleAccess } from './google-access.ts';
import { call, make, read } from './google-error.ts';
import { bindingsOf } from './google-policy.ts';

/** As long as Pub/Sub keeps anything: an agent may be stopped over a holiday. */
const RETENTION = '604800s';
/** Enough to write a batch to the disk; what a VM that went down had pulled comes again so late. */
const ACK_DEADLINE_S = 20;

interface Binding {
  readonly role: string;
  readonly members: string[];
}

export function webhooksDriver(access: GoogleAccess, project: string): Webhooks {
  const { topics, subscriptions } = new pubsub_v1.Pubsub(access.rest).projects;
  const topicOf = (name: AgentName): string => `projects/${project}/topics/${webhookQueueId(name)}`;
  const subscriptionOf = (name: AgentName): string =>
    `projects/${project}/subscriptions/${webhookQueueId(name)}`;

  /** This and nothing else: of two requests at once both write the same. */
  const allow = (resource: string, bindings: Binding[]): Promise<void> =>
    call('write the policy of a subscription', async () => {
      await subscriptions.setIamPolicy({ resource, requestBody: { policy: { bindings } } });
    });

  const topicIn = (subscription: string): Promise<string | undefined> =>
    read('look at a subscription', async () => {
      const { data } = await subscriptions.get({ subscription });
      return data.topic ?? '';
    });

  /**
   * A subscription stays when its topic is deleted, on `_deleted-topic_` for good: nothing that is published to
   * a new topic of that name gets there. What waits on it goes with it: there is no way to move it.
   * https://cloud.google.com/pubsub/docs/create-topic#delete_a_topic
   */
  const removeDetached = async (subscription: string, topic: string): Promise<void> => {
    const found = await topicIn(subscription);
    if (found === undefined || found === topic) return;
    await read('delete a subscription', () => subscriptions.delete({ subscription }));
  };

  return {
    async open(name, account) {
      const [topic, subscription] = [topicOf(name), subscriptionOf(name)];
      const labels = labelsOf(name);
      await make('create a topic', () =>
        topics.create({ name: topic, requestBody: { name: topic, labels } }),
      );
      const requestBody = {
        name: subscription,
        topic,
        labels,
        ackDeadlineSeconds: ACK_DEADLINE_S,
        messageRetentionDuration: RETENTION,
        // Never: Google's default deletes a subscription that nobody asked for a month.
        expirationPolicy: {},
      };
      await removeDetached(subscription, topic);
      await make('create a subscription', () =>
        subscriptions.create({ name: subscription, requestBody }),
      );
      await allow(subscription, [
        { role: ROLE_SUBSCRIBER, members: [`serviceAccount:${account}`] },
      ]);
    },
    close: (name) => allow(subscriptionOf(name), []),
    publish: (name, body, attributes) =>
      call('hand over a webhook', async () => {
        const messages = [{ data: body.toString('base64'), attributes: { ...attributes } }];
        await topics.publish({ topic: topicOf(name), requestBody: { messages } });
      }),
    async look(name) {
      const [topic, subscription] = [topicOf(name), subscriptionOf(name)];
      const [foundTopic, attachedTo, found] = await Promise.all([
        read('look for a topic', () => topics.get({ topic })),
        topicIn(subscription),
        read('read the policy of a subscription', async () => {
          const { data } = await subscriptions.getIamPolicy({ resource: subscription });
          return data;
        }),
      ]);
      const part = (kind: QueuePart['kind']): QueuePart => ({ kind, name: webhookQueueId(name) });
      return {
        parts: [...(foundTopic ? [part('topic')] : []), ...(found ? [part('subscription')] : [])],
        attached: attachedTo === topic,
        policy: found && { bindings: bindingsOf(found.bindings) },
      };
    },
    async remove(name) {
      const [topic, subscription] = [topicOf(name), subscriptionOf(name)];
      await read('delete a subscription', () => subscriptions.delete({ subscription }));
      await read('delete a topic', () => topics.delete({ topic }));
    },
  };
}
