/** Port `Machines` on Compute Engine's official clients (always REST). */

import { DisksClient } from '@google-cloud/compute/build/src/v1/disks_client.js';
import { InstancesClient } from '@google-cloud/compute/build/src/v1/instances_client.js';
import { ZoneOperationsClient } from '@google-cloud/compute/build/src/v1/zone_operations_client.js';
import gax from 'google-gax/fallback';
import type { z } from 'zod';
import { GUEST_KEY_STATUS, GUEST_NAMESPACE, vmStatus } from '../../contracts/instance-metadata.ts';
import { type AgentName, dataDiskName, instanceName } from '../../contracts/names.ts';
import { GUEST_KEY_PAIRING, pairing } from '../../contracts/pairing.ts';
import type { Machines, OperationState } from '../service/ports.ts';
import type { GoogleAccess } from './google-access.ts';
import { call, conditional, read } from './google-error.ts';
import { lastSegment, type Place } from './google-place.ts';
import { type ComputeClients, operationOf, powerCalls } from './google-power.ts';
import { spreadOf } from './google-spread.ts';

/** The VM writes these itself: what does not fit the schema counts as not written. */
function readAs<T extends z.ZodType>(
  schema: T,
  value: string | null | undefined,
): z.output<T> | undefined {
  try {
    return schema.safeParse(JSON.parse(value ?? '')).data;
  } catch {
    return undefined;
  }
}

/** Newest operation on one instance. */
async function lastOperation(
  client: ZoneOperationsClient,
  place: Place,
  name: AgentName,
): Promise<OperationState | undefined> {
  const target = `projects/${place.project}/zones/${place.zone}/instances/${instanceName(name)}`;
  const filter = `targetLink="https://www.googleapis.com/compute/v1/${target}"`;
  // Google's own order is by name, the oldest first: past one page, the newest would be missed.
  const orderBy = 'creationTimestamp desc';
  const [operations] = await client.list({ ...place, filter, orderBy }, { autoPaginate: false });
  const [newest] = operations
    .filter((operation) => operation.targetLink?.endsWith(`/${target}`))
    .sort((a, b) => Date.parse(b.insertTime ?? '') - Date.parse(a.insertTime ?? ''));
  if (!newest) return undefined;
  const errors = newest.error?.errors ?? [];
  return {
    name: newest.name ?? '',
    kind: newest.operationType ?? '',
    done: newest.status === 'DONE',
    at: newest.insertTime ?? undefined,
    endedAt: newest.endTime ?? undefined,
    errors: errors.map(({ code, message }) => ({ code: code ?? '', message: message ?? '' })),
  };
}

function reads({ instances, disks, operations }: ComputeClients, place: Place) {
  const disk = (name: string) =>
    read(`read disk ${name}`, async () => {
      const [found] = await disks.get({ ...place, disk: name });
      return {
        labels: found.labels ?? {},
        createdAt: found.creationTimestamp ?? undefined,
        inUse: (found.users ?? []).length > 0,
      };
    });
  return {
    instance: (name) =>
      read(`read VM ${instanceName(name)}`, async () => {
        const [it] = await instances.get({ ...place, instance: instanceName(name) });
        const items = (it.metadata?.items ?? []).map(({ key, value }) => [key ?? '', value ?? '']);
        return {
          name: it.name ?? '',
          id: it.id == null ? undefined : String(it.id),
          status: String(it.status ?? ''),
          labels: it.labels ?? {},
          metadata: Object.fromEntries(items),
          metadataFingerprint: it.metadata?.fingerprint ?? undefined,
          disks: (it.disks ?? []).map(({ source }) => lastSegment(source)),
          bootDisk: lastSegment(it.disks?.find(({ boot }) => boot)?.source),
          serviceAccount: it.serviceAccounts?.[0]?.email ?? '',
          startedAt: it.lastStartTimestamp || it.creationTimestamp || undefined,
        };
      }),
    dataDisk: (name) => disk(dataDiskName(name)),
    bootDisk: (name) => disk(instanceName(name)),
    guest: async (name) => {
      const found = await read(`read guest attributes of ${instanceName(name)}`, async () => {
        const queryPath = `${GUEST_NAMESPACE}/`;
        const instance = instanceName(name);
        const [answer] = await instances.getGuestAttributes({ ...place, instance, queryPath });
        return answer.queryValue?.items ?? [];
      });
      const value = (key: string) => found?.find((item) => item.key === key)?.value;
      return {
        status: readAs(vmStatus, value(GUEST_KEY_STATUS)),
        pairing: readAs(pairing, value(GUEST_KEY_PAIRING)),
      };
    },
    lastOperation: (name) => call('list operations', () => lastOperation(operations, place, name)),
  } satisfies Partial<Machines>;
}

/** @param zone the plane's own; `at` gives the same for any other */
export function machinesDriver(access: GoogleAccess, { project, zone: home }: Place): Machines {
  const clients: ComputeClients = {
    instances: new InstancesClient(access.generated, gax),
    disks: new DisksClient(access.generated, gax),
    operations: new ZoneOperationsClient(access.generated, gax),
  };
  const at = (zone: string): Machines => ({
    zone,
    at,
    labelled: (labels) => spreadOf(access, project, labels),
    ...inZone(clients, { project, zone }),
  });
  return at(home);
}

function inZone(clients: ComputeClients, place: Place) {
  const { instances } = clients;
  return {
    ...reads(clients, place),
    ...powerCalls(clients, place),
    insert: (body) =>
      call(`create VM ${body.name}`, async () =>
        operationOf(await instances.insert({ ...place, instanceResource: body })),
      ),
    setMetadata: (name, metadata, fingerprint) =>
      conditional('VM', () =>
        call(`write metadata of ${instanceName(name)}`, async () => {
          const metadataResource = {
            items: Object.entries(metadata).map(([key, value]) => ({ key, value })),
            ...(fingerprint === undefined ? {} : { fingerprint }),
          };
          const on = { ...place, instance: instanceName(name) };
          return operationOf(await instances.setMetadata({ ...on, metadataResource }));
        }),
      ),
  } satisfies Partial<Machines>;
}
