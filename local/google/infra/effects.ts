/**
 * What a Terraform resource changes in the emulated Google: accounts, roles, bindings,
 * buckets. Types that change nothing that is emulated are listed; any other is refused.
 */

import type { Resource } from '../../terraform/resources.ts';
import { asText, isCollection, isList, type Value } from '../../terraform/value.ts';
import type { LogType } from '../audit-log.ts';
import { type Condition, compileCondition } from '../iam-condition.ts';
import { GoogleError } from '../service.ts';
import { bucketResource } from '../storage/routes.ts';
import type { StorageStore } from '../storage.ts';
import { DEFAULTS } from '../tasks/queue.ts';
import type { Tasks } from '../tasks.ts';
import type { World } from '../world.ts';

export interface Place {
  readonly world: World;
  readonly storage: StorageStore;
  readonly tasks: Pick<Tasks, 'createQueue' | 'removeQueue'>;
  /** Project id. */
  readonly project: string;
}

type Values = Resource['values'];

interface Effect {
  readonly apply: (place: Place, values: Values) => void;
  readonly destroy: (place: Place, values: Values) => void;
}

const text = (values: Values, name: string): string => asText(values[name] ?? '');
const texts = (value: Value | undefined): string[] => (isList(value) ? value.map(asText) : []);

/** The block `condition` of a binding. @throws GoogleError INVALID_ARGUMENT when it is not emulated */
function conditionOf(values: Values): Condition | undefined {
  const [block] = isList(values.condition) ? values.condition : [];
  if (!isCollection(block)) return undefined;
  const condition = {
    title: asText(block.title ?? ''),
    expression: asText(block.expression ?? ''),
  };
  compileCondition(condition);
  return condition;
}

/**
 * The organisation is one made since May 2024, which shares with its own domain alone unless it is told otherwise.
 * https://cloud.google.com/resource-manager/docs/organization-policy/restricting-domains
 */
function refuseStrangers(members: readonly string[]): void {
  if (!members.some((member) => /^all(Authenticated)?Users$/.test(member))) return;
  throw new GoogleError(
    'FAILED_PRECONDITION',
    'One or more users named in the policy do not belong to a permitted customer, perhaps due to an organization policy.',
  );
}

/** A binding on the resource that `target` names. */
const binding = (target: (values: Values, place: Place) => string): Effect => ({
  apply(place, values) {
    const role = text(values, 'role');
    if (!place.world.roles.has(role)) {
      throw new GoogleError('INVALID_ARGUMENT', `Role ${role} is not supported for this resource.`);
    }
    const members = [text(values, 'member')];
    refuseStrangers(members);
    place.world.iam.grant(target(values, place), role, members, conditionOf(values));
  },
  destroy(place, values) {
    place.world.iam.revoke(target(values, place), text(values, 'role'), text(values, 'member'));
  },
});

const onProject = (_values: Values, { project }: Place): string => `projects/${project}`;

const account: Effect = {
  apply({ world, project }, values) {
    const id = text(values, 'account_id');
    if (world.accounts.find(`${id}@${project}.iam.gserviceaccount.com`)) return;
    const displayName = text(values, 'display_name');
    world.accounts.create(project, id, { displayName, description: text(values, 'description') });
  },
  destroy({ world, project }, values) {
    const email = `${text(values, 'account_id')}@${project}.iam.gserviceaccount.com`;
    const removed = world.accounts.remove(email);
    world.tokens.revoke(`serviceAccount:${email}`);
    if (removed) world.iam.accountDeleted(email, removed.uniqueId);
  },
};

const roleName = (project: string, values: Values): string =>
  `projects/${project}/roles/${text(values, 'role_id')}`;
const customRole: Effect = {
  apply: ({ world, project }, values) =>
    void world.roles.set(roleName(project, values), new Set(texts(values.permissions))),
  destroy: ({ world, project }, values) => void world.roles.delete(roleName(project, values)),
};

const bucket: Effect = {
  apply({ world, storage, project }, values) {
    const name = text(values, 'name');
    if (storage.buckets(project).some((each) => each.name === name)) return;
    const labels = Object.fromEntries(
      Object.entries(values.labels ?? {}).map(([key, value]) => [key, asText(value)]),
    );
    storage.createBucket({
      name,
      project,
      location: text(values, 'location').toUpperCase(),
      labels,
    });
    world.iam.adopt(bucketResource(name), `projects/${project}`);
  },
  destroy({ world, storage, project }, values) {
    const name = text(values, 'name');
    if (!storage.buckets(project).some((each) => each.name === name)) return;
    for (const object of storage.objects(name, '')) storage.removeObject(name, object.name);
    storage.removeBucket(name);
    world.iam.drop(bucketResource(name));
  },
};

const queueName = (values: Values, { project }: Place): string =>
  `projects/${project}/locations/${text(values, 'location')}/queues/${text(values, 'name')}`;

/** The only block of that name. */
const block = (values: Values, name: string): Readonly<Record<string, Value>> => {
  const [first] = isList(values[name]) ? values[name] : [];
  return isCollection(first) ? (first as Readonly<Record<string, Value>>) : {};
};

const queue: Effect = {
  apply(place, values) {
    const rates = block(values, 'rate_limits');
    const retries = block(values, 'retry_config');
    const number = (value: Value | undefined, otherwise: number): number =>
      value === undefined ? otherwise : Number(asText(value).replace(/s$/, ''));
    place.tasks.createQueue(queueName(values, place), {
      maxDispatchesPerSecond: number(
        rates.max_dispatches_per_second,
        DEFAULTS.maxDispatchesPerSecond,
      ),
      maxConcurrentDispatches: number(
        rates.max_concurrent_dispatches,
        DEFAULTS.maxConcurrentDispatches,
      ),
      maxAttempts: number(retries.max_attempts, DEFAULTS.maxAttempts),
      minBackoffMs: number(retries.min_backoff, DEFAULTS.minBackoffMs / 1000) * 1000,
      maxBackoffMs: number(retries.max_backoff, DEFAULTS.maxBackoffMs / 1000) * 1000,
      maxDoublings: number(retries.max_doublings, DEFAULTS.maxDoublings),
    });
  },
  destroy: (place, values) => place.tasks.removeQueue(queueName(values, place)),
};

const auditConfig: Effect = {
  apply({ world }, values) {
    const blocks = isList(values.audit_log_config) ? values.audit_log_config : [];
    const types = blocks
      .filter(isCollection)
      .map(
        (block) =>
          [asText(block.log_type ?? '') as LogType, texts(block.exempted_members)] as const,
      );
    world.auditConfigs.set(text(values, 'service'), new Map(types));
  },
  destroy: ({ world }, values) => void world.auditConfigs.delete(text(values, 'service')),
};

const logBucketName = (values: Values, { project }: Place): string =>
  `projects/${project}/locations/${text(values, 'location')}/buckets/${text(values, 'bucket_id')}`;

const logBucket: Effect = {
  apply: (place, values) =>
    place.world.logBuckets.create(
      logBucketName(values, place),
      Number(asText(values.retention_days ?? '30')),
    ),
  destroy: (place, values) => place.world.logBuckets.remove(logBucketName(values, place)),
};

const sinkName = (values: Values, { project }: Place): string =>
  `projects/${project}/sinks/${text(values, 'name')}`;

/** Into a log bucket; other destinations are not emulated. */
const logSink: Effect = {
  apply: (place, values) =>
    place.world.logBuckets.route(
      sinkName(values, place),
      text(values, 'destination').replace(/^logging\.googleapis\.com\//, ''),
      text(values, 'filter'),
    ),
  destroy: (place, values) => place.world.logBuckets.unroute(sinkName(values, place)),
};

/** The emulated billing account's: not that of whoever takes the US dollar for granted. */
const BILLING_CURRENCY = 'EUR';

/** https://cloud.google.com/billing/docs/reference/budget/rest/v1/billingAccounts.budgets#budgetamount */
const budget: Effect = {
  apply(_place, values) {
    const { currency_code: currency } = block(block(values, 'amount'), 'specified_amount');
    if (currency === undefined || currency === BILLING_CURRENCY) return;
    throw new GoogleError(
      'INVALID_ARGUMENT',
      `The budget's currency ${asText(currency)} is not that of the billing account, ${BILLING_CURRENCY}.`,
    );
  },
  destroy: () => {},
};

const EFFECTS: Readonly<Record<string, Effect>> = {
  google_billing_budget: budget,
  google_service_account: account,
  google_project_iam_custom_role: customRole,
  google_storage_bucket: bucket,
  google_project_iam_audit_config: auditConfig,
  google_logging_project_bucket_config: logBucket,
  google_logging_project_sink: logSink,
  google_project_iam_member: binding(onProject),
  google_service_account_iam_member: binding((values) => text(values, 'service_account_id')),
  google_storage_bucket_iam_member: binding((values) => bucketResource(text(values, 'bucket'))),
  google_cloud_tasks_queue: queue,
  google_cloud_tasks_queue_iam_member: binding(queueName),
  google_cloud_run_v2_service_iam_member: binding(
    (values, { project }) =>
      `projects/${project}/locations/${text(values, 'location')}/services/${text(values, 'name')}`,
  ),
};

/** Accepted, listed and destroyed, but nothing here behaves differently for them; firewall.ts reads the firewall. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  'google_cloud_scheduler_job',
  'google_compute_firewall',
  'google_compute_network',
  'google_compute_router',
  'google_compute_router_nat',
  'google_compute_subnetwork',
  'google_kms_crypto_key',
  'google_kms_crypto_key_iam_member',
  'google_kms_key_ring',
  'google_logging_metric',
  'google_monitoring_alert_policy',
  'google_monitoring_dashboard',
  'google_monitoring_notification_channel',
]);

function effectOf(resource: Resource): Effect | undefined {
  const effect = EFFECTS[resource.type];
  if (effect || WITHOUT_EFFECT.has(resource.type)) return effect;
  throw new GoogleError(
    'INVALID_ARGUMENT',
    `${resource.address}: ${resource.type} is not known to the emulated Google (local/google/infra/effects.ts)`,
  );
}

/** Bindings last: they name accounts and roles that have to be there. */
const bindingsLast = (resources: readonly Resource[]): readonly Resource[] => {
  const isBinding = ({ type }: Resource): boolean => type.endsWith('_iam_member');
  return [...resources.filter((each) => !isBinding(each)), ...resources.filter(isBinding)];
};

/** Doing it again changes nothing. @throws GoogleError INVALID_ARGUMENT */
export function applyResources(place: Place, resources: readonly Resource[]): void {
  for (const resource of bindingsLast(resources)) effectOf(resource)?.apply(place, resource.values);
}

/** In the opposite order; what is gone already is no error. */
export function destroyResources(place: Place, resources: readonly Resource[]): void {
  for (const resource of bindingsLast(resources).toReversed()) {
    effectOf(resource)?.destroy(place, resource.values);
  }
}
