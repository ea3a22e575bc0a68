/**
 * A metric that was made from logs is known to Cloud Monitoring up to ten minutes later: an alert on it that is
 * made in the same apply fails.
 * https://github.com/hashicorp/terraform-provider-google/issues/11102
 */

import type { Resource } from '../../terraform/resources.ts';
import { asText } from '../../terraform/value.ts';
import { GoogleError } from '../service.ts';

const ON_LOGS = /logging\.googleapis\.com\/user\/([\w-]+)/g;

export const logMetrics = (resources: readonly Resource[]): ReadonlySet<string> =>
  new Set(
    resources
      .filter(({ type }) => type === 'google_logging_metric')
      .map(({ values }) => asText(values.name ?? '')),
  );

/** @throws GoogleError NOT_FOUND in Google's words */
export function refuseAlertsOnNewMetrics(
  resources: readonly Resource[],
  known: ReadonlySet<string>,
): void {
  for (const { address, type, values } of resources) {
    if (type !== 'google_monitoring_alert_policy') continue;
    const watched = [...JSON.stringify(values).matchAll(ON_LOGS)].map(([, name = '']) => name);
    const missing = watched.find((name) => !known.has(name));
    if (missing === undefined) continue;
    throw new GoogleError(
      'NOT_FOUND',
      `${address}: Error creating AlertPolicy: googleapi: Error 404: Cannot find metric(s) that match type = "logging.googleapis.com/user/${missing}". If a metric was created recently, it could take up to 10 minutes to become available. Please try again soon.`,
    );
  }
}
