/** What function `pages` remembers of business numbers: invented names must not push out those that there are. */

import { agentName, numberSecretId } from '../../contracts/names.ts';
import { rememberedCredentials } from '../../functions/service/webhook.ts';
import { NUMBER } from './support/meta-number.ts';

const ADA = agentName.parse('ada');
const CREDENTIALS = { ...NUMBER, verifyToken: 'v'.repeat(43) };
const invented = (index: number) => agentName.parse(`nobody-${index}`);

let now = 0;
let reads: string[];
let secret: string | undefined;
const memory = () =>
  rememberedCredentials(
    async () => ({
      latest: async (id) => {
        reads.push(id);
        const payload = id === numberSecretId(ADA) ? secret : undefined;
        return payload === undefined ? undefined : { version: '1', payload };
      },
    }),
    { now: () => now },
  );

beforeEach(() => {
  now = 0;
  reads = [];
  secret = JSON.stringify(CREDENTIALS);
});

test('thousands of invented names cost the number that there is no read', async () => {
  const credentials = memory();
  expect(await credentials(ADA)).toMatchObject({ mode: NUMBER.mode });
  for (let index = 0; index < 2_500; index += 1) await credentials(invented(index));
  reads = [];
  expect(await credentials(ADA)).toMatchObject({ mode: NUMBER.mode });
  expect(reads).toEqual([]);
  now += 61_000;
  await credentials(ADA);
  expect(reads).toEqual([numberSecretId(ADA)]);
});

test('one that is connected a moment after it was asked for is found within seconds', async () => {
  const credentials = memory();
  secret = undefined;
  expect(await credentials(ADA)).toBeUndefined();
  secret = JSON.stringify(CREDENTIALS);
  now += 5_001;
  expect(await credentials(ADA)).toMatchObject({ mode: NUMBER.mode });
});
