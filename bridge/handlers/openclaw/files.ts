/**
 * Files that the agent's replies name, through the gateway's own media route: OpenClaw opens its
 * workspace and media store alone, follows no link out of them, and reads as its own user, which the
 * bridge need not (docs/decisions/065).
 */

import type { FileResult } from '../../ports.ts';

export interface FilesOptions {
  /** Of the gateway's WebSocket: the same port. */
  readonly url: string;
  readonly token: string;
}

const ROUTE = '/__openclaw__/assistant-media';
const TIMEOUT_MS = 30_000;
/** What WhatsApp plays or shows; documents could have more, memory should not. */
const MAX_FILE_BYTES = 16_000_000;

/** @returns undefined when it is more than allowed */
async function read({ body }: Response): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_FILE_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Without a session: only the agent's allowed folders are open then. Never throws. */
export function createFiles({ url, token }: FilesOptions): (path: string) => Promise<FileResult> {
  const base = url.replace(/^ws/, 'http').replace(/\/+$/, '');
  return async (path) => {
    try {
      const answer = await fetch(`${base}${ROUTE}?${new URLSearchParams({ source: path })}`, {
        headers: { authorization: `Bearer ${token}` },
        redirect: 'error',
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      if (answer.status !== 200) {
        await answer.body?.cancel();
        const reason = `the gateway does not give it out (${answer.status})`;
        return { kind: 'refused', reason, ...(answer.status >= 500 && { passing: true }) };
      }
      const bytes = await read(answer);
      const [mime = ''] = (answer.headers.get('content-type') ?? '').split(';');
      if (!bytes) return { kind: 'refused', reason: 'it is too large' };
      return { kind: 'file', bytes, mime: mime.trim() || 'application/octet-stream' };
    } catch {
      return { kind: 'refused', reason: 'the gateway is away', passing: true };
    }
  };
}
