/**
 * The whole product on this machine, put together with plain assignments: Google, a model,
 * machines, and the three functions in processes of their own.
 */

import { createHash } from 'node:crypto';
import { cp, mkdir, readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Endpoints } from '../../contracts/instance-metadata.ts';
import type { FaultHook } from '../google/gate.ts';
import type { Google } from '../google/google.ts';
import type { KapsoServer } from '../kapso/server.ts';
import type { Hypervisor } from '../machine.ts';
import type { MetaServer } from '../meta/server.ts';
import type { ModelServer } from '../model/server.ts';
import type { Whatsapp } from '../whatsapp/server.ts';
import type { Controllable } from './control.ts';
import { forwardTo } from './front.ts';
import { functionEnv } from './function-env.ts';
import { freePort, startFunction } from './function-process.ts';
import type { Prepared } from './hypervisor.ts';
import { type FunctionName, serviceOf } from './infra.ts';
import { behindCloudRun } from './invoker.ts';
import { serveOnLoopback } from './loopback.ts';
import { type Chats, type Outside, startOutside } from './outside.ts';
import { seedResources } from './seed.ts';
import { LOCAL } from './settings.ts';

export interface PlaneOptions {
  /** The checkout: `dist/` (built) and `node_modules/`. */
  readonly root: string;
  readonly cacheDir: string;
  /** Function logs and mail go here. */
  readonly runDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What machines boot from; without it, instances are states and nothing runs. */
  readonly machines?: Prepared;
  /** The organisation's key, which the model accepts; undefined: agents start without one. */
  readonly sharedKey: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Asked at every call to Google: makes it slow, or fail. */
  readonly fault?: FaultHook;
}

/** Of the channels: where bots and apps are made, and written to. */
export interface Plane extends Controllable, Chats {
  readonly apiUrl: string;
  readonly vmUrl: string;
  readonly pagesUrl: string;
  readonly google: Google;
  readonly model: ModelServer;
  /** Where the phones are. */
  readonly whatsapp: Whatsapp;
  /** Business numbers: Meta's Graph API, and Kapso. */
  readonly meta: MetaServer;
  readonly kapso: KapsoServer;
  readonly hypervisor: Hypervisor | undefined;
  /** Keys that the model accepts, whoever the provider; add and remove at will. */
  readonly acceptedKeys: Set<string>;
  /** With which another function process joins this plane. */
  readonly functionsEnv: Readonly<Record<string, string>>;
  readonly mailDir: string;
  readonly logDir: string;
  close(): Promise<void>;
}

/** In a process tree nothing resolves the public names: machines are told other addresses. */
function vmEndpoints({ hypervisor, local, modelUrl, whatsappUrl }: Outside): Endpoints {
  if (hypervisor?.kind !== 'process') return {};
  const google = local.google.restUrl;
  return {
    ...{ secretmanager: google, storage: google, whatsapp: whatsappUrl },
    ...{ anthropic: modelUrl, openai: modelUrl, google: modelUrl },
  };
}

/**
 * A copy of what was built, beside the installed packages: a build while the plane runs must
 * not take away the chunks that its functions load when they first need them.
 */
async function deployBuild(root: string, runDir: string): Promise<string> {
  const place = join(runDir, 'deployed');
  await cp(join(root, 'dist'), join(place, 'dist'), { recursive: true });
  await symlink(join(root, 'node_modules'), join(place, 'node_modules'));
  return place;
}

/**
 * The address of a function: below a path of its own, as Google has it, so that code which loses
 * the path fails here, too; behind what stands for Cloud Run, which takes signatures off tokens.
 */
async function openDoor(
  name: FunctionName,
  origin: string,
  google: () => Google,
  stack: AsyncDisposableStack,
): Promise<string> {
  const path = `/${serviceOf(name)}`;
  const toFunction = forwardTo(origin, path);
  // Anybody may open the pages (infra/access.tf): there Cloud Run checks nobody.
  const listener = name === 'pages' ? toFunction : behindCloudRun(google, toFunction);
  const door = await serveOnLoopback(listener);
  stack.defer(door.close);
  return `http://${door.host}${path}`;
}

async function makeFolders(runDir: string): Promise<{ mailDir: string; logDir: string }> {
  // What an earlier run left here would be taken for this one's.
  await rm(runDir, { recursive: true, force: true });
  const folders = { mailDir: join(runDir, 'mail'), logDir: join(runDir, 'log') };
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true });
  return folders;
}

/**
 * Starts everything and returns when the functions answer.
 * @throws PlaneError when a part does not start; what was started is stopped again
 */
export async function startPlane(options: PlaneOptions): Promise<Plane> {
  await using stack = new AsyncDisposableStack();
  const { root, cacheDir, runDir, env, now, machines, sharedKey, fault } = options;
  const { mailDir, logDir } = await makeFolders(runDir);
  const deployed = await deployBuild(root, runDir);
  const acceptedKeys = new Set(sharedKey === undefined ? [] : [sharedKey]);
  const ports = { api: await freePort(), vm: await freePort(), pages: await freePort() };
  const originOf = (name: FunctionName) => `http://127.0.0.1:${ports[name]}`;
  const vmOrigin = originOf('vm');
  const addressOf = (name: FunctionName) => openDoor(name, originOf(name), () => google, stack);
  const apiUrl = await addressOf('api');
  const vmLoopback = await addressOf('vm');
  const pagesUrl = await addressOf('pages');

  const acceptsKey = (key: string) => acceptedKeys.has(key);
  const place = { cacheDir, mailDir, machines, vmOrigin };
  const outside = await startOutside({ ...place, acceptsKey, now, fault });
  stack.defer(outside.close);
  const { local, model, whatsapp, meta, kapso, hypervisor } = outside;
  const { telegram, slack, discord, signal } = outside;
  const { google } = local;

  const bundle = await readFile(join(deployed, 'dist/vm/agent.mjs'));
  await seedResources({ world: google.world, restUrl: google.restUrl, bundle, sharedKey });
  const vmUrl =
    hypervisor?.kind === 'nspawn' ? `https://${LOCAL.vmHost}/${serviceOf('vm')}` : vmLoopback;
  const settings = {
    apiUrl,
    vmUrl,
    pagesUrl,
    googleUrl: google.restUrl,
    metadataHost: local.planeMetadataHost,
    bundleSha256: createHash('sha256').update(bundle).digest('hex'),
    vmEndpoints: vmEndpoints(outside),
  };
  const functionsEnv = functionEnv(settings, env);
  const start = async (target: FunctionName) => {
    const source = join(deployed, 'dist/functions');
    const logFile = join(logDir, `function-${target}.log`);
    const started = await startFunction({
      target,
      root,
      source,
      port: ports[target],
      env: functionsEnv,
      logFile,
      onLine: (line) => google.logging.printed(LOCAL.project.id, serviceOf(target), line),
    });
    stack.defer(() => started.stop());
  };
  await Promise.all([start('api'), start('vm'), start('pages')]);

  const all = stack.move();
  return {
    info: { apiUrl, restUrl: google.restUrl, admin: LOCAL.admin },
    ...{ apiUrl, vmUrl, pagesUrl, functionsEnv, google, model, whatsapp, hypervisor },
    ...{ telegram, slack, discord, signal, meta, kapso },
    ...{ acceptedKeys, mailDir, logDir },
    idToken: (email) => google.world.tokens.userIdToken(email, apiUrl),
    exec: (machine, argv) => local.machine(machine).exec(argv),
    close: () => all.disposeAsync(),
  };
}
