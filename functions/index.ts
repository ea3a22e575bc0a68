/** Entry point: registers the functions `api`, `vm` and `pages`. The only reader of process.env here. */

import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { http } from '@google-cloud/functions-framework';
import { composeApi, composePages, composeVm } from './compose.ts';
import { parseConfig } from './config.ts';
import { type Context, createHandler } from './http/handler.ts';
import { guardWire } from './http/wire.ts';
import type { Ambient } from './parts.ts';

const ambient: Ambient = {
  clock: { now: Date.now, sleep: (ms) => sleep(ms) },
  newId: () => randomUUID(),
  newKey: () => randomBytes(32).toString('base64url'),
  random: Math.random,
};

const context: Context = {
  wireOf: guardWire(process),
  // A pipe that nobody empties makes a write wait: the callback, not the call, says that it is done.
  log: (line) =>
    new Promise((resolve, reject) => {
      process.stdout.write(`${line}\n`, (error) => (error ? reject(error) : resolve()));
    }),
  ticks: () => performance.now(),
  newId: ambient.newId,
};

const config = parseConfig(process.env);

http('api', createHandler(composeApi(config, ambient), context));
http('vm', createHandler(composeVm(config, ambient), context));
http('pages', createHandler(composePages(config, ambient), context));
