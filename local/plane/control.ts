/**
 * How the CLI reaches a running local plane: HTTP over a Unix socket that only the user who
 * started the plane can open. Nothing of it exists in Google Cloud.
 */

import { chmod, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { z } from 'zod';
import { PlaneError } from '../../contracts/errors.ts';
import type { ExecResult } from '../machine.ts';
import type { Whatsapp } from '../whatsapp/server.ts';
import { PHONE_ROUTES } from './control-phones.ts';

const execRequest = z.strictObject({ machine: z.string(), argv: z.array(z.string()).min(1) });
const tokenRequest = z.strictObject({ email: z.string() });

export const controlInfo = z.object({ apiUrl: z.string(), restUrl: z.string(), admin: z.string() });
export type ControlInfo = z.infer<typeof controlInfo>;

/** What a local plane does for its CLI. */
export interface Controllable {
  readonly info: ControlInfo;
  readonly whatsapp: Whatsapp;
  exec(machine: string, argv: readonly string[]): Promise<ExecResult>;
  idToken(email: string): Promise<string>;
}

const ROUTES: Readonly<Record<string, (plane: Controllable, body: unknown) => Promise<unknown>>> = {
  '/info': async (plane) => plane.info,
  '/id-token': async (plane, body) => ({
    token: await plane.idToken(tokenRequest.parse(body).email),
  }),
  '/exec': (plane, body) => {
    const { machine, argv } = execRequest.parse(body);
    return plane.exec(machine, argv);
  },
};

async function answer(plane: Controllable, incoming: IncomingMessage): Promise<[number, unknown]> {
  const path = incoming.url ?? '';
  const [route, phoneRoute] = [ROUTES[path], PHONE_ROUTES[path]];
  if (!route && !phoneRoute) return [404, { error: 'no such control call' }];
  try {
    const body = await json(incoming);
    return [200, await (route ? route(plane, body) : phoneRoute?.(plane.whatsapp, body))];
  } catch (error) {
    return [400, { error: error instanceof Error ? error.message : String(error) }];
  }
}

/** @returns closes the socket and removes its file */
export async function serveControl(
  plane: Controllable,
  path: string,
): Promise<() => Promise<void>> {
  await rm(path, { force: true });
  const server = createServer((incoming, outgoing) => {
    answer(plane, incoming).then(([status, body]) => {
      outgoing.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(path, { force: true });
  };
}

/**
 * Asks a running local plane.
 * @throws PlaneError FAILED_PRECONDITION when none runs, INVALID_ARGUMENT when it refuses
 */
export async function callControl(
  path: string,
  route: string,
  body: object = {},
): Promise<unknown> {
  const text = JSON.stringify(body);
  const incoming = await new Promise<IncomingMessage>((resolve, reject) => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    };
    const call = request({ socketPath: path, path: route, method: 'POST', headers }, resolve);
    call.on('error', (cause) =>
      reject(
        new PlaneError('FAILED_PRECONDITION', 'No local plane is running: start ./scripts/demo', {
          cause,
        }),
      ),
    );
    call.end(text);
  });
  const result = (await json(incoming)) as { error?: string };
  if (incoming.statusCode !== 200) {
    throw new PlaneError('INVALID_ARGUMENT', result.error ?? 'the local plane refused');
  }
  return result;
}
