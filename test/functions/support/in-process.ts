/**
 * The functions in this process, on a clock that is put forward instead of waited for: thousands
 * of requests in the time that a process of its own would need for a few.
 */

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { composeApi, composePages, composeVm } from '../../../functions/compose.ts';
import { parseConfig } from '../../../functions/config.ts';
import { createHandler } from '../../../functions/http/handler.ts';
import type { Route } from '../../../functions/http/router.ts';
import { plainWire } from '../../../functions/http/wire.ts';
import type { FaultHook } from '../../../local/google/gate.ts';
import type { Google } from '../../../local/google/google.ts';
import { IMAGE, LOCAL, PLANE_ACCOUNT, SUBNETWORK } from '../../../local/plane/settings.ts';
import { ENVIRONMENT } from '../fixtures.ts';
import {
  type Answered,
  type HarnessOptions,
  send,
  startEmulator,
  startMetadata,
} from '../harness.ts';

export interface InProcess {
  readonly google: Google;
  /** Where the plane's public address is on this machine. */
  readonly reach: (url: string) => string;
  /** What it logged, line by line. */
  readonly log: readonly string[];
  /** Milliseconds of every pause it made; with virtual time alone. */
  readonly pauses: readonly number[];
  /** Puts the virtual clock forward. */
  wait(ms: number): void;
  /** As the admin, unless an ID token is given. */
  call(method: string, path: string, body?: unknown, token?: string): Promise<Answered>;
  /** Function `vm`, as whoever holds the token. */
  callVm(method: string, path: string, body?: unknown, token?: string): Promise<Answered>;
  /** Function `pages`, as whoever has opened its address. */
  callPages(
    method: string,
    path: string,
    token?: string,
    body?: string,
    headers?: Record<string, string>,
  ): Promise<Answered>;
  /** The route tables that requests are matched with. */
  readonly routes: Readonly<Record<'api' | 'vm' | 'pages', readonly Route[]>>;
  /** Another process of the same function: nothing in memory is kept. */
  restart(): void;
  close(): Promise<void>;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Pauses take no time, and time passes by them alone. */
function virtualClock(pauses: number[]) {
  let now = Date.now();
  return {
    now: () => now,
    sleep: async (ms: number) => {
      now += ms;
      pauses.push(ms);
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** Where requests meet: a lease that is waited for must really pass. */
const realClock = { now: Date.now, sleep: (ms: number) => sleep(ms) };

export async function startInProcess(
  fault?: FaultHook,
  time: 'virtual' | 'real' = 'virtual',
  /** Over those that every test has. */
  env: Readonly<Record<string, string>> = {},
  cells: HarnessOptions['cells'] = [],
): Promise<InProcess> {
  const reached = { api: '' };
  const reach = (asked: string): string =>
    asked.replace(ENVIRONMENT.AGENTS_PLANE_AUDIENCE, reached.api);
  const google = await startEmulator({ reach, cells, ...(fault ? { fault } : {}) });
  const metadata = await startMetadata(google);
  process.env.GCE_METADATA_HOST = metadata.host;
  const config = parseConfig({
    ...ENVIRONMENT,
    AGENTS_PLANE_IMAGE: IMAGE,
    AGENTS_PLANE_SUBNETWORK: SUBNETWORK,
    AGENTS_PLANE_SERVICE_ACCOUNT: PLANE_ACCOUNT,
    AGENTS_PLANE_GOOGLE_ENDPOINT: google.restUrl,
    ...env,
  });
  const pauses: number[] = [];
  const clock = time === 'virtual' ? virtualClock(pauses) : realClock;
  let ids = 0;
  const newId = () => {
    ids += 1;
    return `00000000-0000-4000-8000-${String(ids).padStart(12, '0')}`;
  };
  const log: string[] = [];
  const ambient = { clock, newId, newKey: () => 'k'.repeat(43), random: Math.random };
  const context = {
    wireOf: plainWire,
    log: async (line: string) => {
      log.push(line);
    },
    ticks: () => performance.now(),
    newId,
  };
  const apps = {
    api: composeApi(config, ambient),
    vm: composeVm(config, ambient),
    pages: composePages(config, ambient),
  };
  const make = () => createHandler(composeApi(config, ambient), context);
  let handler = make();
  const server = createServer((request, response) => void handler(request, response));
  const vmServer = createServer(createHandler(apps.vm, context));
  const pagesServer = createServer(createHandler(apps.pages, context));
  const url = await listen(server);
  reached.api = url;
  const vmUrl = await listen(vmServer);
  const pagesUrl = await listen(pagesServer);
  const admin = await google.tokens.userIdToken(LOCAL.admin, config.audience, 86_400);
  return {
    google,
    reach,
    log,
    pauses,
    wait: (ms) => void clock.sleep(ms),
    call: (method, path, body, token = admin) => send(`${url}${path}`, method, token, body),
    callVm: (method, path, body, token) => send(`${vmUrl}${path}`, method, token, body),
    callPages: (method, path, token, body, headers) =>
      send(`${pagesUrl}${path}`, method, token, body, headers),
    routes: { api: apps.api.routes, vm: apps.vm.routes, pages: apps.pages.routes },
    restart: () => {
      handler = make();
    },
    close: async () => {
      for (const each of [server, vmServer, pagesServer, metadata.server]) {
        each.closeAllConnections();
        await new Promise((resolve) => each.close(resolve));
      }
      await google.close();
    },
  };
}
