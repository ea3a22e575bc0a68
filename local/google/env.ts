/**
 * The environment that makes unmodified clients talk to an emulator: Node's and gcloud's.
 *
 * gcloud: https://cloud.google.com/sdk/docs/properties (every property has an environment
 * variable). The names are those that were seen to work; see FACTS.
 */

export interface EnvOptions {
  /** `http://127.0.0.1:PORT` */
  readonly restUrl: string;
  readonly grpcPort: number;
  readonly project: string;
  /** File that holds an access token, for gcloud. */
  readonly tokenFile: string;
  /** A directory of its own for gcloud, so that the person's configuration stays as it is. */
  readonly gcloudConfig: string;
  /** `host:port` of a metadata server, where one runs. */
  readonly metadataHost?: string;
}

/** gcloud's name of an API -> path under which it expects it. */
const GCLOUD_APIS: Readonly<Record<string, string>> = {
  CLOUDBILLING: '/',
  CLOUDFUNCTIONS: '/',
  CLOUDRESOURCEMANAGER: '/',
  COMPUTE: '/compute/v1/',
  CONFIG: '/',
  IAM: '/',
  IAMCREDENTIALS: '/',
  LOGGING: '/',
  PUBSUB: '/',
  SECRETMANAGER: '/',
  SERVICEUSAGE: '/',
  STORAGE: '/storage/v1/',
};

/** Variables for gcloud. Nothing in them is secret: the token is in the file. */
export function gcloudEnv(options: EnvOptions): Record<string, string> {
  const overrides = Object.entries(GCLOUD_APIS).map(([api, path]) => [
    `CLOUDSDK_API_ENDPOINT_OVERRIDES_${api}`,
    `${options.restUrl}${path}`,
  ]);
  return {
    ...Object.fromEntries(overrides),
    CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: options.tokenFile,
    CLOUDSDK_CONFIG: options.gcloudConfig,
    CLOUDSDK_CORE_CHECK_GCE_METADATA: 'false',
    CLOUDSDK_CORE_DISABLE_PROMPTS: '1',
    CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: 'true',
    CLOUDSDK_CORE_PROJECT: options.project,
  };
}

/** Variables for Node clients; the AGENTS_PLANE_ one is what the plane's functions read. */
export function nodeEnv(options: EnvOptions): Record<string, string> {
  return {
    AGENTS_PLANE_GOOGLE_ENDPOINT: options.restUrl,
    AGENTS_PLANE_SECRETMANAGER_GRPC: `127.0.0.1:${options.grpcPort}`,
    GOOGLE_CLOUD_PROJECT: options.project,
    ...(options.metadataHost ? { GCE_METADATA_HOST: options.metadataHost } : {}),
  };
}

const quote = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;

/** `export NAME='value'` lines, for `eval` in a POSIX shell. */
export const exportLines = (env: Readonly<Record<string, string>>): string =>
  Object.entries(env)
    .map(([name, value]) => `export ${name}=${quote(value)}\n`)
    .join('');
