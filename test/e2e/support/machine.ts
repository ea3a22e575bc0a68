/** What a test wants to know of an agent's machine, in shell scripts that its root runs. */

import type { Stage } from './stage.ts';

export const STATE = '/var/lib/agents-plane/openclaw';
export const WORKSPACE = `${STATE}/workspace`;
export const METADATA = 'http://169.254.169.254/computeMetadata/v1';

/** The CLI as the gateway's user has it. */
export const OPENCLAW = [
  'setpriv --reuid=openclaw --regid=openclaw --clear-groups env',
  `HOME=${STATE} OPENCLAW_STATE_DIR=${STATE} OPENCLAW_CONFIG_PATH=${STATE}/openclaw.json openclaw`,
].join(' ');

export const UNITS = [
  'agents-plane-metadata-guard.service',
  'agents-plane-broker.socket',
  'agents-plane-key.path',
  'agents-plane-mail-keys.service',
  'agents-plane-bootstrap.path',
  'agents-plane-watch.service',
  'openclaw-gateway.service',
];

/** A result of the gateway's RPC, through OpenClaw's own CLI. */
export async function callGateway<T>(
  stage: Stage,
  name: string,
  method: string,
  params: object,
): Promise<T> {
  const text = JSON.stringify(params);
  return JSON.parse(
    await stage.out(name, `${OPENCLAW} gateway call ${method} --json --params '${text}'`),
  ) as T;
}

/** openclaw.json as it lies on the disk. */
export async function openclawConfig(stage: Stage, name: string) {
  return JSON.parse(await stage.out(name, `cat ${STATE}/openclaw.json`)) as {
    meta?: object;
    agents: { defaults: { model: { primary: string } } };
    channels: { whatsapp: { allowFrom: string[] }; telegram?: object };
    commands: { ownerAllowFrom: string[] };
  };
}

/** Everything that a bootstrap with nothing to do must leave as it is: what runs, and what was written. */
export const footprint = (stage: Stage, name: string): Promise<string> =>
  stage.out(
    name,
    `systemctl show --property=Id,InvocationID,ActiveState,NeedDaemonReload ${UNITS.join(' ')}
     find /etc/systemd/system /etc/agents-plane /usr/local/bin/agent /var/lib/agents-plane/state \
       ${STATE}/openclaw.json ${STATE}/skills ${WORKSPACE}/AGENTS.md ${WORKSPACE}/HEARTBEAT.md \
       ${WORKSPACE}/BOOTSTRAP.md -type f -printf '%p %i %T@ %m %u\\n' | sort`,
  );

/** Waits until no bootstrap is at work. */
export const SETTLED =
  'while test -e /run/agents-plane/bootstrap.lock; do sleep 0.1; done; ' +
  'for unit in google-startup-scripts agents-plane-bootstrap; do ' +
  'while test "$(systemctl is-active $unit)" = activating; do sleep 0.1; done; done';
