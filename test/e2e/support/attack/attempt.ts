/**
 * Attempts from inside an agent's VM: shell scripts, each run as the gateway's user, as that
 * user in the gateway's own sandbox (where the model's `exec` runs), and as root.
 */

import type { Stage } from '../stage.ts';

/** Something the agent must not be able to do. */
export interface Attempt {
  readonly what: string;
  /** What refuses it. */
  readonly by: string;
  /** Exit code 0 is a success. */
  readonly script: string;
  /** Root is refused too, or must not even try: there is no proof that the script could work. */
  readonly noControl?: boolean;
}

export interface Result {
  readonly code: number;
  readonly output: string;
}

export type Who = 'openclaw' | 'sandbox' | 'root';

/** Of one attempt: a hang is one that the network swallowed. */
const SECONDS = 60;
const MARK = '@@attempt';

/** One shell for all of them: entering a machine takes longer than most attempts. */
function batch(attempts: readonly Attempt[]): string {
  const encode = (script: string): string => Buffer.from(script).toString('base64');
  const lines = attempts.map(
    ({ script }) =>
      `echo; echo '${MARK}'; timeout ${SECONDS} bash -c "$(echo ${encode(script)} | base64 -d)" ` +
      `</dev/null 2>&1 | head -c 4000; code=\${PIPESTATUS[0]}; echo; echo "${MARK} $code"`,
  );
  return lines.join('\n');
}

/** What the gateway's unit says of its processes, for `systemd-run`. */
const SANDBOX = `props=()
while IFS= read -r line; do props+=("--property=$line"); done < <(
  sed -n '/^\\[Service\\]/,/^\\[Install\\]/p' /etc/systemd/system/openclaw-gateway.service |
    grep -E '^(User|Group|WorkingDirectory|Environment|ReadWritePaths|Protect\\w+|Private\\w+|ProcSubset|CapabilityBoundingSet|AmbientCapabilities|NoNewPrivileges|LockPersonality|RemoveIPC|RestrictRealtime|RestrictNamespaces|RestrictAddressFamilies|SystemCall\\w+|UMask)=')
exec systemd-run --quiet --pipe --wait --collect "\${props[@]}" /bin/bash -s`;

const RESULT = new RegExp(`${MARK}\\n([\\s\\S]*?)\\n${MARK} (\\d+)`, 'g');

/** Runs every attempt, one after the other. */
export async function attemptAll(
  stage: Stage,
  name: string,
  who: Who,
  attempts: readonly Attempt[],
): Promise<Result[]> {
  const script = who === 'sandbox' ? `bash -c '${SANDBOX.replaceAll("'", "'\\''")}'` : 'bash -s';
  const { stdout, stderr } = await stage.sh(name, script, {
    stdin: batch(attempts),
    timeoutMs: 240_000,
    ...(who === 'openclaw' && { user: 'openclaw' }),
  });
  const results = [...stdout.matchAll(RESULT)].map(([, output = '', code]) => ({
    code: Number(code),
    output,
  }));
  if (results.length !== attempts.length)
    throw new Error(`${results.length} of ${attempts.length} attempts: ${stderr.slice(-500)}`);
  return results;
}
