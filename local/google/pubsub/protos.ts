/** What of google.pubsub.v1 is answered: messages, methods and their paths. */

export const PROTOS = {
  name: 'google.pubsub.v1',
  service: 'Pubsub',
  messages: {
    Topic: { name: 'string', labels: 'map<string>' },
    TopicRequest: { topic: 'string' },
    ListRequest: { project: 'string', pageSize: 'int32', pageToken: 'string' },
    PubsubMessage: { data: 'bytes', attributes: 'map<string>', orderingKey: 'string' },
    PublishRequest: { topic: 'string', messages: 'PubsubMessage[]' },
    ExpirationPolicy: { ttl: 'string' },
    Subscription: {
      name: 'string',
      topic: 'string',
      labels: 'map<string>',
      ackDeadlineSeconds: 'int32',
      messageRetentionDuration: 'string',
      enableMessageOrdering: 'bool',
      expirationPolicy: 'ExpirationPolicy',
    },
    SubscriptionRequest: { subscription: 'string' },
    PullRequest: { subscription: 'string', maxMessages: 'int32' },
    AcknowledgeRequest: { subscription: 'string', ackIds: 'string[]' },
  },
  methods: {
    CreateTopic: ['Topic', 'put', '/v1/{name=projects/*/topics/*}', '*'],
    GetTopic: ['TopicRequest', 'get', '/v1/{topic=projects/*/topics/*}'],
    DeleteTopic: ['TopicRequest', 'delete', '/v1/{topic=projects/*/topics/*}'],
    ListTopics: ['ListRequest', 'get', '/v1/{project=projects/*}/topics'],
    Publish: ['PublishRequest', 'post', '/v1/{topic=projects/*/topics/*}:publish', '*'],
    CreateSubscription: ['Subscription', 'put', '/v1/{name=projects/*/subscriptions/*}', '*'],
    GetSubscription: [
      'SubscriptionRequest',
      'get',
      '/v1/{subscription=projects/*/subscriptions/*}',
    ],
    ListSubscriptions: ['ListRequest', 'get', '/v1/{project=projects/*}/subscriptions'],
    DeleteSubscription: [
      'SubscriptionRequest',
      'delete',
      '/v1/{subscription=projects/*/subscriptions/*}',
    ],
    Pull: ['PullRequest', 'post', '/v1/{subscription=projects/*/subscriptions/*}:pull', '*'],
    Acknowledge: [
      'AcknowledgeRequest',
      'post',
      '/v1/{subscription=projects/*/subscriptions/*}:acknowledge',
      '*',
    ],
    GetIamPolicy: [
      'google.iam.v1.GetIamPolicyRequest',
      'get',
      '/v1/{resource=projects/*/subscriptions/*}:getIamPolicy',
    ],
    SetIamPolicy: [
      'google.iam.v1.SetIamPolicyRequest',
      'post',
      '/v1/{resource=projects/*/subscriptions/*}:setIamPolicy',
      '*',
    ],
  },
} as const;
