// What a plain handler does: import the official packages whole, make the clients.
import compute from '@google-cloud/compute';
import { http } from '@google-cloud/functions-framework';
import { SecretManagerServiceClient } from '@google-cloud/secret-manager';

const clients = [
  new compute.InstancesClient(),
  new compute.ZoneOperationsClient(),
  new SecretManagerServiceClient(),
];

http('api', (_request, response) => {
  response.send(`ok ${clients.length}`);
});
