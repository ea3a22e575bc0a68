/** Secrets and versions as clients see them. Pure. */

import type { Secret, SecretVersion } from './store.ts';

/** A secret as clients see it. */
export const secretView = ({ versions: _, versionAliases, ...secret }: Secret): object =>
  Object.keys(versionAliases).length > 0 ? { ...secret, versionAliases } : secret;

export const versionView = (
  secret: Secret,
  { number, data: _, checksummed, ...rest }: SecretVersion,
) => ({
  name: `${secret.name}/versions/${number}`,
  ...rest,
  replicationStatus:
    'automatic' in secret.replication ? { automatic: {} } : { userManaged: { replicas: [] } },
  clientSpecifiedPayloadChecksum: checksummed,
});
