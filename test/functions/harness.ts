/**
 * The control plane as Cloud Functions runs it (a process of functions-framework, official
 * clients) against the emulated Google, without VMs.
 */

import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SHARED_KEY_SECRET } from '../../contracts/names.ts';
import type { FaultHook } from '../../local/google/gate.ts';
import { type Google, startGoogle } from '../../local/google/google.ts';
import { accountMetadata } from '../../local/google/metadata.ts';
import {
  type FunctionProcess,
  freePort,
  startFunction,
} from '../../local/plane/function-process.ts';
import { infraFiles, planInfra } from '../../local/plane/infra.ts';
import { seedAccess, seedCell } from '../../local/plane/seed.ts';
import {
  DELEGATED_SCOPES,
  IMAGE,
  LOCAL,
  PLANE_ACCOUNT,
  SUBNETWORK,
} from '../../local/plane/settings.ts';
import { ENVIRONMENT } from './fixtures.ts';

const ROOT = join(import.meta.dirname, '../..');
const { project } = LOCAL;

export interface Harness {
  readonly google: Google;
  readonly plane: FunctionProcess;
  readonly logFile: string;
  /** ID token of a person, by default for the API. */
  idToken(email?: string, audience?: string, lifetimeS?: number): Promise<string>;
  /** Identity token (format full) of an agent's VM. */
  vmToken(agent: string, change?: VmTokenChange): Promise<string>;
  /** Google's calls since `mark`, without tokens and certificates. */
  calls(mark?: number): readonly Google['recording'][number][];
  /** Starts the same function again, as after a crash. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface VmTokenChange {
  readonly email?: string;
  readonly audience?: string;
  readonly instance?: string;
  /** Number of the instance; that of the one that runs when left out. */
  readonly instanceId?: string;
  readonly zone?: string;
  readonly project?: string;
  readonly lifetimeS?: number;
}

/** The metadata server of the function's own runtime. */
export async function startMetadata({ world }: Google): Promise<{ server: Server; host: string }> {
  const { tokens, accounts } = world;
  const server = createServer(
    accountMetadata({ tokens, accounts, project }, PLANE_ACCOUNT, 'europe-west1'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, host: `127.0.0.1:${(server.address() as AddressInfo).port}` };
}

async function seedSharedKey({ world, restUrl }: Google, at: string): Promise<void> {
  const { accessToken } = world.tokens.access(`user:${LOCAL.admin}`);
  const answer = await fetch(`${restUrl}/v1/projects/${at}/secrets?secretId=${SHARED_KEY_SECRET}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ replication: { automatic: {} } }),
  });
  if (!answer.ok) throw new Error(`seeding the shared key failed: ${answer.status}`);
}

export interface HarnessOptions {
  readonly target: 'api' | 'vm' | 'pages';
  readonly fault?: FaultHook;
  readonly sharedKey?: boolean;
  /** More projects, into which the fleet is cut. */
  readonly cells?: readonly {
    readonly id: string;
    readonly number: string;
    readonly name: string;
  }[];
  readonly accountsPerProject?: number;
  /** The built function instead of its source. */
  readonly built?: boolean;
  /** Of the function, over those that the harness sets. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where the functions' public addresses are, for Cloud Tasks. */
  readonly reach?: (url: string) => string;
  /** Of another harness, which closes it; then this one is one more function in the same project. */
  readonly google?: Google;
}

/** The emulated Google with what setup leaves behind. */
export async function startEmulator(options: Omit<HarnessOptions, 'target'>): Promise<Google> {
  const image = { project: project.id, name: 'image-1', family: LOCAL.imageFamily };
  const google = await startGoogle({
    projects: [project, ...(options.cells ?? [])],
    users: [{ primaryEmail: LOCAL.admin, isAdmin: true }, LOCAL.viewer, ...LOCAL.users],
    delegations: [{ serviceAccount: PLANE_ACCOUNT, scopes: DELEGATED_SCOPES }],
    images: [{ ...image, diskSizeGb: 10, createdAt: 0 }],
    subnetworks: [LOCAL.network],
    stageMs: 2,
    ...(options.fault ? { fault: options.fault } : {}),
    ...(options.reach ? { reach: options.reach } : {}),
    ...(options.accountsPerProject ? { accountsPerProject: options.accountsPerProject } : {}),
  });
  const { cells = [] } = options;
  seedAccess(google, planInfra(infraFiles(), undefined, cells));
  for (const cell of cells) seedCell(google, cell);
  for (const { id } of options.sharedKey === false ? [] : [project, ...cells]) {
    await seedSharedKey(google, id);
  }
  return google;
}

export async function startHarness(options: HarnessOptions): Promise<Harness> {
  const google = options.google ?? (await startEmulator(options));
  try {
    return await startPlane(options, google);
  } catch (error) {
    // An emulator left behind would keep jest from ending.
    if (!options.google) await google.close();
    throw error;
  }
}

async function startPlane(options: HarnessOptions, google: Google): Promise<Harness> {
  const metadata = await startMetadata(google);
  const folder = mkdtempSync(join(tmpdir(), 'agents-plane-test-'));
  const logFile = join(folder, 'function.log');
  const port = await freePort();
  const env = {
    ...ENVIRONMENT,
    PATH: process.env.PATH,
    NODE_NO_WARNINGS: '1',
    AGENTS_PLANE_IMAGE: IMAGE,
    AGENTS_PLANE_SUBNETWORK: SUBNETWORK,
    AGENTS_PLANE_SERVICE_ACCOUNT: PLANE_ACCOUNT,
    AGENTS_PLANE_GOOGLE_ENDPOINT: google.restUrl,
    GCE_METADATA_HOST: metadata.host,
    ...options.env,
  };
  const source = join(ROOT, options.built ? 'dist/functions' : 'functions/index.ts');
  const start = () =>
    startFunction({ target: options.target, source, root: ROOT, env, logFile, port });
  const running = { plane: await start() };
  const { tokens } = google.world;

  return {
    google,
    logFile,
    get plane() {
      return running.plane;
    },
    idToken: (email = LOCAL.admin, audience = ENVIRONMENT.AGENTS_PLANE_AUDIENCE, lifetimeS) =>
      tokens.userIdToken(email, audience, lifetimeS),
    vmToken: (agent, change = {}) => vmToken(google, agent, change),
    calls: (mark = 0) =>
      google.recording.slice(mark).filter(({ method }) => !method.startsWith('oauth2.')),
    restart: async () => {
      await running.plane.stop(0);
      running.plane = await start();
    },
    close: async () => {
      await running.plane.stop();
      metadata.server.closeAllConnections();
      metadata.server.close();
      if (!options.google) await google.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function vmToken(
  { world, compute }: Google,
  agent: string,
  change: VmTokenChange,
): Promise<string> {
  const email = change.email ?? `agent-${agent}@${project.id}.iam.gserviceaccount.com`;
  const account = world.accounts.find(email) ?? { email, uniqueId: '100000000000000000000' };
  return world.tokens.accountIdToken(account, change.audience ?? ENVIRONMENT.AGENTS_PLANE_VM_URL, {
    instance: {
      project_id: change.project ?? project.id,
      project_number: Number(project.number),
      zone: change.zone ?? compute.instances.byName(`agent-${agent}`)?.zone ?? LOCAL.zone,
      instance_id:
        change.instanceId ?? compute.instances.byName(`agent-${agent}`)?.resource.id ?? '1',
      instance_name: change.instance ?? `agent-${agent}`,
      instance_creation_timestamp: 0,
    },
    ...(change.lifetimeS === undefined ? {} : { lifetimeS: change.lifetimeS }),
  });
}

/** A VM of that agent's, without any other part of it; waits until Google has it. */
export async function startVm({ tokens, restUrl, compute }: Google, agent: string): Promise<void> {
  const { accessToken } = tokens.access(`user:${LOCAL.admin}`);
  const url = `${restUrl}/compute/v1/projects/${project.id}/zones/${LOCAL.zone}/instances`;
  const made = await send(url, 'POST', accessToken, {
    name: `agent-${agent}`,
    labels: { 'managed-by': 'agents-plane', 'agents-plane-agent': agent },
    machineType: `zones/${LOCAL.zone}/machineTypes/e2-medium`,
    disks: [{ boot: true, initializeParams: { sourceImage: IMAGE } }],
    networkInterfaces: [{ subnetwork: SUBNETWORK }],
  });
  if (made.status !== 200) throw new Error(`no VM: ${JSON.stringify(made.body)}`);
  await compute.operations.idle();
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the plane answered; tests look into it
  readonly body: any;
}

const isJson = ({ headers }: Response): boolean =>
  headers.get('content-type')?.startsWith('application/json') ?? false;

/** A request to the plane; the body goes as JSON unless it is text. */
export async function send(
  url: string,
  method: string,
  token: string | undefined,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answered> {
  const answer = await fetch(url, {
    method,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return {
    status: answer.status,
    headers: answer.headers,
    body: isJson(answer) ? JSON.parse(text) : text || undefined,
  };
}
