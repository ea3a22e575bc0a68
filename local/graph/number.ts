/** One WhatsApp number at Meta: what was sent from it, what was read, and what goes wrong next. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ReadRequest, readRequest, type SendRequest, sendRequest } from './message.ts';

/** What the next send meets. */
export type Fault =
  /** Answered so, and nothing is sent. */
  | { readonly kind: 'error'; readonly status: number; readonly code?: number }
  /** The connection ends before anything is done. */
  | { readonly kind: 'cut-before' }
  /** The message is sent, and the connection ends without an answer. */
  | { readonly kind: 'cut-after' };

export interface Sent {
  readonly id: string;
  readonly request: SendRequest;
  readonly at: number;
}

export interface GraphNumber {
  readonly phoneNumberId: string;
  readonly sent: readonly Sent[];
  readonly read: readonly ReadRequest[];
  /** Called with every message that was really sent. */
  onSent: ((sent: Sent) => void) | undefined;
  failNext(...faults: Fault[]): void;
  /** What was uploaded, by its id. */
  readonly media: ReadonlyMap<string, Upload>;
  /** Answers `POST messages`. */
  post(body: unknown, res: ServerResponse): void;
  /** Answers `POST media`. */
  upload(req: IncomingMessage, res: ServerResponse): Promise<void>;
}

export interface Upload {
  readonly bytes: Buffer;
  readonly mime: string;
  readonly filename: string;
}

const MB = 1_048_576;
/** https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media#supported-media-types */
const LIMITS: Readonly<Record<string, readonly [RegExp, number]>> = {
  image: [/^image\/(jpeg|png)$/, 5 * MB],
  video: [/^video\/(mp4|3gpp)$/, 16 * MB],
  audio: [/^audio\/(aac|amr|mpeg|mp4|ogg)$/, 16 * MB],
  document: [/./, 100 * MB],
};

/** Why this upload cannot be sent so; undefined for what is not sent by id. */
function misfit(request: SendRequest, media: ReadonlyMap<string, Upload>): string | undefined {
  const part = (request as unknown as Record<string, unknown>)[request.type] as { id?: string };
  const limits = LIMITS[request.type];
  if (!limits || part.id === undefined) return undefined;
  const found = media.get(part.id);
  if (!found) return `${part.id} is no media id`;
  const [mime, max] = limits;
  return mime.test(found.mime) && found.bytes.length <= max
    ? undefined
    : `${found.mime} of ${found.bytes.length} bytes is no ${request.type}`;
}

async function readUpload(req: IncomingMessage): Promise<Upload | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  const headers = { 'content-type': req.headers['content-type'] ?? '' };
  const form = await new Response(Buffer.concat(chunks), { headers }).formData().catch(() => {});
  const [file, type] = [form?.get('file'), form?.get('type')];
  if (form?.get('messaging_product') !== 'whatsapp' || !(file instanceof File)) return undefined;
  if (file.type !== type) return undefined;
  return { bytes: Buffer.from(await file.arrayBuffer()), mime: file.type, filename: file.name };
}

export function sendJson(res: ServerResponse, status: number, body: object): void {
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify(body));
}

/** Meta's error body. */
export const graphError = (code: number, message: string): object => ({
  error: { message, type: 'OAuthException', code, fbtrace_id: 'local' },
});

export async function readJson(req: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return undefined;
  }
}

const INVALID_PARAMETER = 100;

export function createGraphNumber(phoneNumberId: string): GraphNumber {
  const sent: Sent[] = [];
  const read: ReadRequest[] = [];
  const faults: Fault[] = [];
  const media = new Map<string, Upload>();

  const number: GraphNumber = {
    phoneNumberId,
    sent,
    read,
    media,
    onSent: undefined,
    failNext: (...more) => {
      faults.push(...more);
    },
    post(body, res) {
      const seen = readRequest.safeParse(body);
      if (seen.success) {
        read.push(seen.data);
        return sendJson(res, 200, { success: true });
      }
      const fault = faults.shift();
      if (fault?.kind === 'cut-before') return void res.destroy();
      if (fault?.kind === 'error') {
        const reply = fault.code === undefined ? {} : graphError(fault.code, 'refused');
        return sendJson(res, fault.status, reply);
      }
      const request = sendRequest.safeParse(body);
      if (!request.success) {
        const [issue] = request.error.issues;
        const text = `${issue?.path.join('.')}: ${issue?.message}`;
        return sendJson(res, 400, graphError(INVALID_PARAMETER, text));
      }
      const wrong = misfit(request.data, media);
      if (wrong) return sendJson(res, 400, graphError(INVALID_PARAMETER, wrong));
      const one = { id: `wamid.out.${sent.length + 1}`, request: request.data, at: Date.now() };
      sent.push(one);
      number.onSent?.(one);
      if (fault?.kind === 'cut-after') return void res.destroy();
      const to = request.data.to ?? request.data.recipient;
      sendJson(res, 200, {
        messaging_product: 'whatsapp',
        contacts: [{ input: to, wa_id: to }],
        messages: [{ id: one.id }],
      });
    },
    async upload(req, res) {
      const found = await readUpload(req);
      if (!found) return sendJson(res, 400, graphError(INVALID_PARAMETER, 'no upload'));
      const id = String(media.size + 1);
      media.set(id, found);
      sendJson(res, 200, { id });
    },
  };
  return number;
}
