/**
 * Tailscale Funnel: gives the webhook's port a public https address, for as long as the bridge
 * runs. https://tailscale.com/kb/1223/funnel
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { z } from 'zod';
import { PlaneError } from '../../contracts/plane-error.ts';
import type { Finding } from '../ports.ts';

export interface FunnelOptions {
  readonly port: number;
  /** Below the address that is printed: `/webhook`. */
  readonly path: string;
  /** Where `tailscale` is looked for. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The funnel ended by itself; it is started again. */
  readonly onEnded: (code: number | null) => void;
}

export interface Funnel {
  /** What to enter at Kapso or Meta. */
  readonly url: string;
  close(): Promise<void>;
}

const PROGRAM = 'tailscale';
const STATUS_TIMEOUT_MS = 10_000;
const RESTART_MS = 5_000;

const status = z.looseObject({
  BackendState: z.string(),
  Self: z
    .looseObject({
      DNSName: z.string(),
      /** What the tailnet allows this machine, by name; older programs list the names. */
      CapMap: z.record(z.string(), z.unknown()).nullish(),
      Capabilities: z.array(z.string()).nullish(),
    })
    .nullish(),
});

/** What `tailscale funnel` itself asks for first (CheckFunnelAccess of its ipn package). */
const NEEDED: readonly (readonly [string, string])[] = [
  ['https', 'enable HTTPS certificates for the tailnet (https://tailscale.com/s/https)'],
  ['funnel', 'allow this machine the node attribute "funnel" (https://tailscale.com/s/no-funnel)'],
];

interface Machine {
  readonly name: string;
  readonly allowed: ReadonlySet<string>;
}

const unusable = (message: string, cause?: unknown): PlaneError =>
  new PlaneError('FAILED_PRECONDITION', message, { cause });

/** @throws PlaneError FAILED_PRECONDITION with what to run. */
async function askMachine(env: FunnelOptions['env']): Promise<Machine> {
  let found: z.infer<typeof status>;
  try {
    const options = { env: { ...env }, timeout: STATUS_TIMEOUT_MS };
    const { stdout } = await promisify(execFile)(PROGRAM, ['status', '--json'], options);
    found = status.parse(JSON.parse(stdout));
  } catch (cause) {
    const missing = (cause as { code?: unknown }).code === 'ENOENT';
    const message = missing
      ? 'tailscale is not installed, which delivery.mode "tailscale" needs.'
      : 'tailscale status said nothing that can be used: is tailscaled running?';
    throw unusable(message, cause);
  }
  const { BackendState, Self } = found;
  const name = Self?.DNSName.replace(/\.$/, '');
  if (BackendState !== 'Running' || !name) {
    throw unusable(`Tailscale is ${BackendState}: run "tailscale up", and allow HTTPS and Funnel.`);
  }
  const allowed = new Set([...Object.keys(Self?.CapMap ?? {}), ...(Self?.Capabilities ?? [])]);
  return { name, allowed };
}

/** Whether a funnel could be opened here; opens none. What is wrong with the machine is its finding. */
export async function checkFunnel(env: FunnelOptions['env'], path: string): Promise<Finding> {
  const what = 'Tailscale Funnel';
  try {
    const { name, allowed } = await askMachine(env);
    const missing = NEEDED.filter(([attribute]) => !allowed.has(attribute)).map(([, fix]) => fix);
    if (missing.length > 0) return { what, ok: false, detail: missing.join('; ') };
    return { what, ok: true, detail: `https://${name}${path}` };
  } catch (error) {
    if (!(error instanceof PlaneError)) throw error;
    return { what, ok: false, detail: error.message };
  }
}

/** Starts it and, should it end, starts it again until `close`. */
export async function startFunnel(options: FunnelOptions): Promise<Funnel> {
  const { name } = await askMachine(options.env);
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  const start = (): void => {
    // In the foreground it takes its rule away when it ends, whatever ends it.
    child = spawn(PROGRAM, ['funnel', String(options.port)], {
      stdio: 'ignore',
      env: { ...options.env },
    });
    const ended = (code: number | null): void => {
      if (closed) return;
      options.onEnded(code);
      timer = setTimeout(start, RESTART_MS);
    };
    child.once('error', () => ended(null));
    child.once('exit', ended);
  };
  start();
  return {
    url: `https://${name}${options.path}`,
    async close() {
      closed = true;
      clearTimeout(timer);
      if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}
