/** The official clients as our drivers make them, and nothing else: no call, no schema, no token. */

import { http } from '@google-cloud/functions-framework';
import { googleAccess } from '../../../../functions/drivers/google-access.ts';
import { machinesDriver } from '../../../../functions/drivers/machines.ts';
import { secretsDriver } from '../../../../functions/drivers/secrets.ts';
import { serviceAccountsDriver } from '../../../../functions/drivers/service-accounts.ts';

const project = process.env.AGENTS_PLANE_PROJECT ?? '';
const access = googleAccess(project, process.env.AGENTS_PLANE_GOOGLE_ENDPOINT ?? '');
const drivers = [
  secretsDriver(access, project),
  machinesDriver(access, { project, zone: process.env.AGENTS_PLANE_ZONE ?? '' }),
  serviceAccountsDriver(access, project),
];

http('api', (_request, response) => {
  response.send(`ok ${drivers.length}`);
});
