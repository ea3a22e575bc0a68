/** OpenClaw's gateway on an agent's VM, as the VM, the bridge beside it and an admin's tunnel know it. */

/** OpenClaw's own default; on loopback alone. templates/vm/openclaw.json says it to OpenClaw. */
export const GATEWAY_PORT = 18789;
