/**
 * Where things lie on the agent's machine. Everything that must outlive the VM is under
 * `data`, which is the mounted data disk; everything secret is under /run (tmpfs), but for
 * the gateway's own token, which never leaves the machine.
 */

import { join } from 'node:path';

export const GATEWAY_USER = 'openclaw';
export const BROKER_USER = 'agents-plane';
export const PAIRING_USER = 'agents-plane-pair';
export const BRIDGE_USER = 'agents-plane-bridge';

/** Units that the templates define and that code names. */
export const UNITS = {
  gateway: 'openclaw-gateway.service',
  guard: 'agents-plane-metadata-guard.service',
  broker: 'agents-plane-broker.socket',
  brokerService: 'agents-plane-broker@.service',
  keyPath: 'agents-plane-key.path',
  keyService: 'agents-plane-key.service',
  meter: 'agents-plane-meter.service',
  mailKeys: 'agents-plane-mail-keys.service',
  channelsPath: 'agents-plane-channels.path',
  channelsService: 'agents-plane-channels.service',
  watch: 'agents-plane-watch.service',
  pairing: 'agents-plane-pairing.service',
  bridge: 'agents-plane-bridge.service',
  backupTimer: 'agents-plane-backup.timer',
  backup: 'agents-plane-backup.service',
  bootstrapPath: 'agents-plane-bootstrap.path',
  bootstrap: 'agents-plane-bootstrap.service',
} as const;

export type Layout = ReturnType<typeof layoutOf>;

/** What the broker leaves in memory. */
const brokersOwn = (runtime: string) => ({
  /** agents-plane-key.path answers it. */
  keyRequest: `${runtime}/new-key`,
  /** The same for channels, with an id; `agent reload-channels` says under that id how it went. */
  channelsRequest: `${runtime}/channels`,
  /** What belongs into `budget`, while the data disk takes nothing. */
  budgetAside: `${runtime}/budget.json`,
  /** Bot tokens that were sent in a chat (broker/held-tokens.ts); nobody else reads it. */
  heldTokens: `${runtime}/held-tokens.json`,
});

/**
 * All paths of the machine.
 * @param root '' on a VM; the directory that stands in for `/` where there is none
 *   (AGENTS_PLANE_ROOT). Absolute, without a trailing slash.
 */
export function layoutOf(root: string) {
  const data = `${root}/var/lib/agents-plane`;
  const state = join(data, 'openclaw');
  const own = join(data, 'state');
  const workspace = join(state, 'workspace');
  return {
    root,
    data,
    /** Device behind `data` on Compute Engine (deviceName `agents-plane-data`). */
    dataDevice: '/dev/disk/by-id/google-agents-plane-data',
    /** Home of the gateway's user, and OPENCLAW_STATE_DIR. */
    state,
    openclawConfig: join(state, 'openclaw.json'),
    workspace,
    /** Our OpenClaw plugin: root's, so that the agent cannot edit it. */
    plugin: join(data, 'plugin'),
    skill: join(state, 'skills/agents-plane/SKILL.md'),
    /** What bootstrap remembers; root's, but for `facts` and `fileList` nobody else reads it. */
    own,
    facts: join(own, 'facts.json'),
    /** What the plane said last about this month's money (`core/meter.ts`); the meter's own file. */
    budget: join(data, 'meter/budget.json'),
    /** What `agent meter` must know of the config document; root's, with the owner's number in it. */
    meterSettings: join(own, 'meter-settings.json'),
    /** Paths of the files that bootstrap wrote, for `agent status`. */
    fileList: join(own, 'files.json'),
    gatewayToken: join(own, 'gateway-token'),
    /** The openclaw.json that we rendered last: the base of the three-way merge. */
    renderedConfig: join(own, 'openclaw.rendered.json'),
    /** The openclaw.json that OpenClaw accepted last, and what it refused since. */
    goodConfig: join(own, 'openclaw.good.json'),
    rejectedConfig: join(state, 'openclaw.rejected.json'),
    /** Digest of the openclaw.json that OpenClaw accepted last. */
    validatedConfig: join(own, 'openclaw.validated.sha256'),
    /** Copies of the texts that the agent may edit, as we wrote them last. */
    renderedTexts: join(own, 'rendered'),
    heartbeatText: join(own, 'rendered', 'heartbeat'),
    /** The WhatsApp bridge of a business number, as the bundle carries it, and its settings. */
    bridgeProgram: join(data, 'program/bridge.mjs'),
    bridgeConfig: join(own, 'bridge.toml'),
    /** Its queues (StateDirectory= of its unit). */
    bridgeState: join(data, 'bridge'),
    /** Its credentials, for the moment of its start. */
    bridgeEnv: `${root}/run/agents-plane/bridge.env`,
    /** For `agent pair`: what it must know of the config document. */
    pairingSettings: join(own, 'pairing-settings.json'),
    /** Directory of `agent pair`'s own user (StateDirectory= of its unit). */
    pairingState: join(data, 'pairing'),
    /** What `agent pair` said last, without a code; of this boot only. */
    pairingCopy: `${root}/run/agents-plane-pairing/state.json`,
    /** Where OpenClaw's plugin keeps the linked account. */
    whatsappCredentials: join(state, 'credentials/whatsapp/default'),
    /** What was backed up last, and when. */
    backupMark: join(own, 'whatsapp-backup.json'),
    /** Empty: this data disk had its chance to get the link back from a backup. Else since when it waits for it, RFC 3339. */
    restoreMark: join(own, 'whatsapp-restore-looked'),
    welcomeMark: join(own, 'welcome-sent'),
    /** BOOTSTRAP.md was handed out once; from here on it belongs to the agent. */
    onboardingMark: join(own, 'onboarding-handed-out'),
    /** What was last published as guest attribute; of this boot only. */
    statusCopy: `${root}/run/agents-plane/status.json`,
    /** Digests of what the units run with; on the disk, as systemd starts enabled units at boot by itself. */
    startedWith: join(own, 'started-with.json'),
    keyDir: `${root}/run/openclaw-gateway`,
    keyFile: `${root}/run/openclaw-gateway/llm-key`,
    /** Tokens of the added channels, beside the key and for as long (docs/decisions/050). */
    channelsFile: `${root}/run/openclaw-gateway/channels.json`,
    runtime: `${root}/run/agents-plane`,
    brokerSocket: `${root}/run/agents-plane/broker.sock`,
    lock: `${root}/run/agents-plane/bootstrap.lock`,
    /** Which key fetch-key wrote last (core/key-origin.ts). */
    keyOrigin: `${root}/run/agents-plane/key-origin`,
    /** Which key the running gateway has resolved: `own 3`, `shared 1` (origin, secret version). */
    keyInUse: `${root}/run/agents-plane/key-in-use`,
    /** Secret version of the key that was fetched last, resolved or not. */
    keyVersion: `${root}/run/agents-plane/key-version`,
    ...brokersOwn(`${root}/run/agents-plane-broker`),
    channelsResult: `${root}/run/agents-plane/channels-result.json`,
    /** Left by `agent watch`; agents-plane-bootstrap.path answers it. */
    bootstrapRequest: `${root}/run/agents-plane-watch/bootstrap`,
    units: `${root}/etc/systemd/system`,
    guardRules: `${root}/etc/agents-plane/metadata-guard.nft`,
    /** Environment of the gateway, beside its unit's. */
    gatewayEnv: `${root}/etc/agents-plane/gateway.env`,
    command: `${root}/usr/local/bin/agent`,
    bundle: `${root}/opt/agents-plane/agent.mjs`,
    node: `${root}/opt/agents-plane/node/bin/node`,
    openclaw: `${root}/opt/openclaw/node_modules/openclaw/openclaw.mjs`,
    openclawPackages: `${root}/opt/openclaw/node_modules`,
  };
}
