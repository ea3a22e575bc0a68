/**
 * What the plane tells a VM through instance metadata, and what the VM tells the plane
 * through guest attributes. Nothing secret is in either.
 *
 * Limits (https://cloud.google.com/compute/docs/metadata/setting-custom-metadata): 256 KB
 * a value. Guest attributes: https://cloud.google.com/compute/docs/metadata/manage-guest-attributes
 */

import { z } from 'zod';

/** Keys under `computeMetadata/v1/instance/attributes/`. */
export const METADATA_KEYS = {
  startupScript: 'startup-script',
  agent: 'agents-plane-agent',
  /** `gs://bucket/object` of the VM bundle. */
  bundle: 'agents-plane-bundle',
  /** Lower-case hex SHA-256 of that object. */
  bundleSha256: 'agents-plane-bundle-sha256',
  /** Base URL of the VM-facing function; also the audience of the VM's identity token. */
  planeUrl: 'agents-plane-url',
  /** JSON, `endpoints` below; left out in Google Cloud. */
  endpoints: 'agents-plane-endpoints',
  /** Which config version the plane wrote last; a change tells the VM to bootstrap again. */
  configVersion: 'agents-plane-config-version',
  /** Which of the business number's credentials are in force, opaque to the VM; a change tells it to take them over. */
  whatsapp: 'agents-plane-whatsapp',
  /** Ids of the restart and of the rebuild that this VM is the outcome of. */
  boot: 'agents-plane-boot',
  machine: 'agents-plane-machine',
} as const;

/** Set on every instance: guest attributes on, OS Login on, project-wide SSH keys off. */
export const FIXED_METADATA = {
  'enable-guest-attributes': 'TRUE',
  'enable-oslogin': 'TRUE',
  'block-project-ssh-keys': 'TRUE',
  'serial-port-logging-enable': 'TRUE',
} as const;

/** Where to find services that are not at their public address: a proxy, or the local plane. */
export const endpoints = z.strictObject({
  secretmanager: z.url().optional(),
  storage: z.url().optional(),
  anthropic: z.url().optional(),
  openai: z.url().optional(),
  google: z.url().optional(),
  /** Of WhatsApp Web's WebSocket, `wss://host/ws/chat`. */
  whatsapp: z.url({ protocol: /^wss?$/ }).optional(),
  telegram: z.url().optional(),
  slack: z.url().optional(),
  discord: z.url().optional(),
});
export type Endpoints = z.infer<typeof endpoints>;

/** A version's number, a digest, a time: what a VM says ends up in annotations, of which a secret holds 16 KiB. */
const word = z.string().max(64);

export const GUEST_NAMESPACE = 'agents-plane';
export const GUEST_KEY_STATUS = 'status';

const VM_STATES = ['bootstrapping', 'starting', 'ready', 'failed'] as const;

/** JSON under guest attribute `agents-plane/status`; written on change, not on a clock. */
export const vmStatus = z.object({
  state: z.enum(VM_STATES),
  /** What went wrong and what a person can do: when `failed`, or when `ready` without a key that fits. */
  reason: z.string().max(500).optional(),
  /** Secret version number of the config document in force. */
  configVersion: word.optional(),
  bundleSha256: word.optional(),
  /** Whose key the gateway runs on. */
  key: z.enum(['own', 'shared', 'none']).optional(),
  /** RFC 3339. */
  at: word,
});
export type VmStatus = z.infer<typeof vmStatus>;
