/** The projects that exist. One can be named by its id or by its number. */

export interface Project {
  readonly id: string;
  /** Decimal, 12 digits. */
  readonly number: string;
  readonly name: string;
}

export interface Projects {
  /** By id or number. */
  find(idOrNumber: string): Project | undefined;
  readonly all: readonly Project[];
  /** The same resource path, its project named by id; `projects/-/serviceAccounts/x@p…` gets its project. */
  normalise(resource: string): string;
  /** Number of the project that principal `serviceAccount:x@p.iam.gserviceaccount.com` lives in. */
  numberOfAccount(principal: string): string | undefined;
}

const ACCOUNT_PROJECT = /@([a-z0-9-]+)\.iam\.gserviceaccount\.com$/;

export function createProjects(all: readonly Project[]): Projects {
  const find = (name: string): Project | undefined =>
    all.find((project) => project.id === name || project.number === name);

  return {
    find,
    all,
    normalise(resource) {
      const [root, name = '', ...rest] = resource.split('/');
      if (root !== 'projects') return resource;
      const fromAccount =
        name === '-' && rest[0] === 'serviceAccounts'
          ? ACCOUNT_PROJECT.exec(rest[1] ?? '')?.[1]
          : undefined;
      const id = find(name)?.id ?? fromAccount ?? name;
      return [root, id, ...rest].join('/');
    },
    numberOfAccount(principal) {
      if (!principal.startsWith('serviceAccount:')) return undefined;
      return find(ACCOUNT_PROJECT.exec(principal)?.[1] ?? '')?.number;
    },
  };
}
