/** The part of package-lock.json that some of the dependencies need: what is tested is what is deployed. */

interface Locked {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** Of npm's lockfile format 3: https://docs.npmjs.com/cli/configuring-npm/package-lock-json */
export interface Lock {
  readonly packages: Readonly<Record<string, Locked>>;
}

export interface Manifest {
  readonly name: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Where Node finds `name` from the package at `from`: nearest node_modules first. */
function placeOf(lock: Lock, from: string, name: string): string | undefined {
  for (
    let folder = from;
    ;
    folder = folder.slice(0, Math.max(0, folder.lastIndexOf('node_modules/') - 1))
  ) {
    const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    if (lock.packages[place]) return place;
    if (folder === '') return undefined;
  }
}

/** @returns the version of a direct dependency. Throws when the lock has none. */
export function lockedVersion(lock: Lock, name: string): string {
  const version = lock.packages[`node_modules/${name}`]?.version;
  if (version === undefined) throw new Error(`package-lock.json has no ${name}`);
  return version;
}

/** A lockfile for `manifest`: its dependencies and all that those need, in their places and with their hashes. */
export function lockOf(lock: Lock, manifest: Manifest): object {
  const kept = new Map<string, Locked>();
  const open = Object.keys(manifest.dependencies).map((name) => ({ from: '', name }));
  for (let next = open.pop(); next; next = open.pop()) {
    const place = placeOf(lock, next.from, next.name);
    const locked = place === undefined ? undefined : lock.packages[place];
    // An optional one that the lock leaves out; npm ci refuses a lock that lacks any other.
    if (place === undefined || locked === undefined || kept.has(place)) continue;
    kept.set(place, locked);
    const { dependencies, optionalDependencies, peerDependencies } = locked;
    for (const name of Object.keys({
      ...dependencies,
      ...optionalDependencies,
      ...peerDependencies,
    })) {
      open.push({ from: place, name });
    }
  }
  const places = [...kept].sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    name: manifest.name,
    lockfileVersion: 3,
    requires: true,
    packages: { '': manifest, ...Object.fromEntries(places) },
  };
}
