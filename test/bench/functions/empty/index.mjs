// The floor: what the framework itself costs.
import { http } from '@google-cloud/functions-framework';

http('api', (_request, response) => {
  response.send('ok');
});
