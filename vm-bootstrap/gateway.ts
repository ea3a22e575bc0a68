/**
 * The gateway on loopback: its probe, and its WebSocket protocol 4 (connect.challenge,
 * connect, then requests). A call takes 0.2 s where OpenClaw's CLI takes 2-10 s.
 */

import { GATEWAY_PORT } from '../contracts/gateway.ts';
import { PlaneError } from '../contracts/plane-error.ts';
import type { Layout } from './core/layout.ts';
import { type GatewayStatus, hasModelKey } from './core/reload.ts';
import type { Host } from './host.ts';

const SCOPES = ['operator.admin', 'operator.read', 'operator.write'];
const CONNECT = 'connect';

interface Frame {
  readonly type: string;
  readonly event?: string;
  readonly id?: string;
  readonly ok?: boolean;
  readonly payload?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface Gateway {
  /** @throws PlaneError FAILED_PRECONDITION when the gateway refuses. */
  call(method: string, params: object): Promise<unknown>;
}

/** Port and token that the gateway was configured with. From our own rendering: the agent may write openclaw.json. */
export function gatewayAddress(host: Host, layout: Layout): { port: number; token: string } {
  const text = host.read(layout.renderedConfig) ?? '{}';
  const { gateway } = JSON.parse(text) as { gateway?: { port?: number } };
  const token = host.read(layout.gatewayToken)?.trim();
  if (token === undefined)
    throw new PlaneError('FAILED_PRECONDITION', 'The gateway has no token yet.');
  return { port: gateway?.port ?? GATEWAY_PORT, token };
}

/**
 * True when it has started. /readyz would be 503 for a channel that is down, too
 * (docs/gateway/health.md of OpenClaw).
 */
export async function gatewayAnswers(host: Host, port: number): Promise<boolean> {
  try {
    const url = `http://127.0.0.1:${port}/startupz`;
    const answer = await host.request({ url, timeoutMs: 2_000 });
    return answer.status === 200;
  } catch {
    return false;
  }
}

/** A busy machine answers late; a gateway that is given up on is restarted, with every conversation in it. */
const UP_WITHIN_MS = 20_000;
const UP_POLL_MS = 500;

/** True when it runs, now or soon; whether WhatsApp does is another matter. */
export async function gatewayIsUp(host: Host, port: number): Promise<boolean> {
  const deadline = host.now().getTime() + UP_WITHIN_MS;
  while (!(await gatewayAnswers(host, port))) {
    if (host.now().getTime() > deadline) return false;
    await host.sleep(UP_POLL_MS);
  }
  return true;
}

function hello(token: string): object {
  return {
    minProtocol: 4,
    maxProtocol: 4,
    client: { id: 'gateway-client', version: '1', platform: 'linux', mode: 'backend' },
    role: 'operator',
    scopes: SCOPES,
    auth: { token },
  };
}

/** Inside a listener, where nobody catches. @returns undefined when it is no JSON */
function frameOf(text: string): Frame | undefined {
  try {
    return JSON.parse(text) as Frame;
  } catch {
    return undefined;
  }
}

/**
 * Opens a connection, lets `work` make calls on it, and closes it.
 * @param timeoutMs for all of it, from the connection's first byte to the end of `work`
 * @throws PlaneError UNAVAILABLE when the gateway is gone, or the time is over.
 */
export async function withGateway<T>(
  address: { readonly port: number; readonly token: string },
  work: (gateway: Gateway) => Promise<T>,
  timeoutMs = 30_000,
): Promise<T> {
  const socket = new WebSocket(`ws://127.0.0.1:${address.port}`);
  const waiting = new Map<string, PromiseWithResolvers<unknown>>();
  const gone = Promise.withResolvers<never>();
  const fail = (message: string) => (): void => gone.reject(new PlaneError('UNAVAILABLE', message));
  const closed = fail('The gateway closed the connection.');
  const send = (id: string, method: string, params: object): Promise<unknown> => {
    const answer = Promise.withResolvers<unknown>();
    waiting.set(id, answer);
    socket.send(JSON.stringify({ type: 'req', id, method, params }));
    return Promise.race([answer.promise, gone.promise]);
  };
  const connected = Promise.withResolvers<unknown>();
  const late = `The gateway did not answer within ${timeoutMs / 1_000} s.`;
  const timer = setTimeout(fail(late), timeoutMs);
  socket.addEventListener('error', closed);
  socket.addEventListener('close', closed);
  socket.addEventListener('message', ({ data }) => {
    const frame = frameOf(String(data));
    if (frame === undefined) return fail('The gateway sent what is no JSON.')();
    if (frame.event === 'connect.challenge')
      connected.resolve(send(CONNECT, CONNECT, hello(address.token)));
    if (frame.type !== 'res' || frame.id === undefined) return;
    if (frame.ok) waiting.get(frame.id)?.resolve(frame.payload);
    else
      waiting.get(frame.id)?.reject(
        new PlaneError('FAILED_PRECONDITION', `The gateway refused: ${frame.error?.message}`, {
          cause: frame.error,
        }),
      );
  });
  try {
    await Promise.race([connected.promise, gone.promise]);
    let count = 0;
    return await work({ call: (method, params) => send(String(++count), method, params) });
  } finally {
    clearTimeout(timer);
    gone.promise.catch(() => {});
    socket.close();
  }
}

/** True when the running gateway has a key for its model. */
export async function secretsResolved(gateway: Gateway): Promise<boolean> {
  return hasModelKey((await gateway.call('status', {})) as GatewayStatus);
}

/** A hot reload may take seconds to end; what a secret is missing for good does not change by then. */
const SECRETS_WITHIN_MS = 20_000;
const SECRETS_AGAIN_MS = 500;

/**
 * Has the gateway read its secrets from their files. Asked again while that fails: a hot
 * reload that ends meanwhile supersedes it, or it still reads for the configuration of before.
 * @param left whose secrets are still to be read, by the gateway's status
 * @throws PlaneError FAILED_PRECONDITION naming them
 */
export async function secretsTaken(
  clock: Pick<Host, 'now' | 'sleep'>,
  gateway: Gateway,
  left: (status: GatewayStatus) => readonly string[],
): Promise<void> {
  const deadline = clock.now().getTime() + SECRETS_WITHIN_MS;
  for (;;) {
    const refused = await gateway.call('secrets.reload', {}).then(
      () => [],
      () => ['all secrets'],
    );
    const missing = [...refused, ...left((await gateway.call('status', {})) as GatewayStatus)];
    if (missing.length === 0) return;
    if (clock.now().getTime() > deadline) {
      const names = missing.join(', ');
      throw new PlaneError('FAILED_PRECONDITION', `The gateway could not read: ${names}.`);
    }
    await clock.sleep(SECRETS_AGAIN_MS);
  }
}

/** Has the running gateway take up the link that is on its disk now. */
export async function startWhatsapp(host: Host, layout: Layout): Promise<void> {
  await withGateway(gatewayAddress(host, layout), (gateway) =>
    gateway.call('channels.start', { channel: 'whatsapp' }),
  );
}
