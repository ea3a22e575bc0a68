/**
 * The bridge's settings: the one source of names, types, defaults and bounds. The names are those
 * of openclaw-kapso-whatsapp (seeds/004), so that its config files work as they are; `[meta]`,
 * `[queue]`, `[health]`, `[log]` and `[limits]` are ours.
 */

import { z } from 'zod';
import { GATEWAY_PORT } from '../../contracts/gateway.ts';

const SECOND = 1_000;

const positive = z.coerce.number().int().positive();
const flag = z.union([z.boolean(), z.stringbool()]);
const list = z.union([
  z.array(z.string()),
  z.string().transform((text) =>
    text
      .split(',')
      .map((one) => one.trim())
      .filter(Boolean),
  ),
]);
const secret = z.string().default('');

const command = z
  .strictObject({
    /** `exec` runs a program, `agent` sends a prompt to the agent. */
    type: z.enum(['exec', 'agent']),
    description: z.string().default(''),
    /** Program and arguments, each its own element; `{args}` is one argument, never a shell's text. */
    exec: z.array(z.string().min(1)).min(1).optional(),
    prompt: z.string().optional(),
    ack: z.string().optional(),
    roles: z.array(z.string()).default([]),
  })
  .refine(({ type, exec }) => type !== 'exec' || exec, {
    path: ['exec'],
    error: 'is required by type "exec".',
  })
  .refine(({ type, prompt }) => type !== 'agent' || prompt, {
    path: ['prompt'],
    error: 'is required by type "agent".',
  });

export const bridgeConfig = z.strictObject({
  kapso: z
    .strictObject({
      api_key: secret,
      phone_number_id: z.string().default(''),
      base_url: z.url().default('https://api.kapso.ai/meta/whatsapp/v24.0'),
    })
    .prefault({}),
  /** Meta's Cloud API directly, instead of Kapso. */
  meta: z
    .strictObject({
      access_token: secret,
      phone_number_id: z.string().default(''),
      app_secret: secret,
      graph_version: z
        .string()
        .regex(/^v\d+\.\d+$/, 'has to look like v24.0')
        .default('v24.0'),
      base_url: z.url().default('https://graph.facebook.com'),
    })
    .prefault({}),
  delivery: z
    .strictObject({
      /** `queue`: the plane takes the webhooks, and they wait in Pub/Sub. */
      mode: z.enum(['polling', 'tailscale', 'domain', 'queue']).default('polling'),
      /** Seconds. */
      poll_interval: positive.min(5).default(30),
      poll_fallback: flag.default(false),
    })
    .prefault({}),
  webhook: z
    .strictObject({
      addr: z.string().default('127.0.0.1:18790'),
      verify_token: secret,
      secret,
    })
    .prefault({}),
  /** On a VM of Google Cloud: the plane takes the webhooks (docs/decisions/063). */
  queue: z
    .strictObject({
      /** `projects/p/subscriptions/s` */
      subscription: z
        .string()
        .regex(/^projects\/[\w.:-]+\/subscriptions\/[\w.~+%-]+$/, {
          error: 'has to look like projects/p/subscriptions/s',
        })
        .optional(),
      base_url: z.url().default('https://pubsub.googleapis.com'),
      /** The metadata server, which gives out the VM's own tokens. */
      metadata_url: z.url().default('http://169.254.169.254'),
    })
    .prefault({}),
  gateway: z
    .strictObject({
      url: z.url({ protocol: /^wss?$/ }).default(`ws://127.0.0.1:${GATEWAY_PORT}`),
      token: secret,
      session_key: z.string().min(1).default('main'),
      /** Read by the Go bridge; replies come from the run now. Accepted, and not used. */
      sessions_json: z.string().optional(),
      /** What a sender is told when the agent has failed for good; empty for nothing. */
      error_message: z
        .string()
        .default(
          'Sorry, I ran into an issue processing your message. Please try again in a moment.',
        ),
      role: z.string().default('operator'),
      scopes: list.default(['operator.read', 'operator.write']),
      /** Seconds that a turn of the agent may take. */
      timeout: positive.default(600),
    })
    .prefault({}),
  state: z.strictObject({ dir: z.string().default('~/.config/kapso-whatsapp') }).prefault({}),
  security: z
    .strictObject({
      mode: z.enum(['allowlist', 'open']).default('allowlist'),
      roles: z.record(z.string(), z.array(z.string())).default({}),
      /** Numbers without a role of their own: they get `default_role`. */
      allowed_numbers: list.default([]),
      deny_message: z.string().default('Sorry, you are not authorized to use this service.'),
      rate_limit: positive.default(10),
      /** Seconds. */
      rate_window: positive.default(60),
      session_isolation: flag.default(true),
      default_role: z.string().min(1).default('member'),
    })
    .prefault({}),
  commands: z
    .strictObject({
      prefix: z.string().min(1).default('!'),
      /** Seconds. */
      timeout: positive.default(30),
      definitions: z.record(z.string().regex(/^[a-z][a-z0-9_-]*$/), command).default({}),
    })
    .prefault({}),
  /** Words for voice notes that come without a transcript. */
  transcribe: z
    .strictObject({
      provider: z.enum(['off', 'groq', 'openai', 'deepgram', 'local']).default('off'),
      api_key: secret,
      /** Left out: the provider's own. With `local`, the path of the ggml model. */
      model: z.string().default(''),
      /** ISO 639-1; left out, the provider finds out. */
      language: z.string().default(''),
      base_url: z.url().optional(),
      /** With `local`: whisper.cpp's program. */
      program: z.string().min(1).default('whisper-cli'),
      /** Seconds. */
      timeout: positive.default(60),
    })
    .refine(({ provider, api_key: key }) => provider === 'off' || provider === 'local' || key, {
      path: ['api_key'],
      error: 'is required by this provider.',
    })
    .refine(({ provider, model }) => provider !== 'local' || model, {
      path: ['model'],
      error: 'has to be the path of a ggml model.',
    })
    .prefault({}),
  health: z
    .strictObject({
      /** Loopback: `/health` and `/metrics` tell how much is going on. Empty turns it off. */
      addr: z.string().default('127.0.0.1:18791'),
    })
    .prefault({}),
  log: z
    .strictObject({ level: z.enum(['debug', 'info', 'warn', 'error']).default('info') })
    .prefault({}),
  limits: z
    .strictObject({
      /** Senders whose messages are worked on at once. */
      concurrency: positive.max(1_000).default(32),
      /** Seconds that a stop waits for answers under way. */
      stop_grace: positive.default(20),
    })
    .prefault({}),
});
export type BridgeConfig = z.infer<typeof bridgeConfig>;

/**
 * Environment variable -> setting. Names as openclaw-kapso-whatsapp has them; where it has two for
 * one setting, the later line wins.
 */
export const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ['KAPSO_API_KEY', 'kapso.api_key'],
  ['KAPSO_PHONE_NUMBER_ID', 'kapso.phone_number_id'],
  ['KAPSO_BASE_URL', 'kapso.base_url'],
  ['WHATSAPP_ACCESS_TOKEN', 'meta.access_token'],
  ['WHATSAPP_PHONE_NUMBER_ID', 'meta.phone_number_id'],
  ['WHATSAPP_APP_SECRET', 'meta.app_secret'],
  ['WHATSAPP_GRAPH_VERSION', 'meta.graph_version'],
  ['WHATSAPP_BASE_URL', 'meta.base_url'],
  ['KAPSO_MODE', 'delivery.mode'],
  ['KAPSO_POLL_INTERVAL', 'delivery.poll_interval'],
  ['KAPSO_POLL_FALLBACK', 'delivery.poll_fallback'],
  ['KAPSO_WEBHOOK_ADDR', 'webhook.addr'],
  ['KAPSO_WEBHOOK_VERIFY_TOKEN', 'webhook.verify_token'],
  ['KAPSO_WEBHOOK_SECRET', 'webhook.secret'],
  ['OPENCLAW_GATEWAY_URL', 'gateway.url'],
  ['GATEWAY_URL', 'gateway.url'],
  ['OPENCLAW_TOKEN', 'gateway.token'],
  ['GATEWAY_TOKEN', 'gateway.token'],
  ['OPENCLAW_SESSION_KEY', 'gateway.session_key'],
  ['OPENCLAW_SESSIONS_JSON', 'gateway.sessions_json'],
  ['GATEWAY_ERROR_MESSAGE', 'gateway.error_message'],
  ['GATEWAY_ROLE', 'gateway.role'],
  ['GATEWAY_SCOPES', 'gateway.scopes'],
  ['KAPSO_STATE_DIR', 'state.dir'],
  ['KAPSO_SECURITY_MODE', 'security.mode'],
  ['KAPSO_ALLOWED_NUMBERS', 'security.allowed_numbers'],
  ['KAPSO_DENY_MESSAGE', 'security.deny_message'],
  ['KAPSO_RATE_LIMIT', 'security.rate_limit'],
  ['KAPSO_RATE_WINDOW', 'security.rate_window'],
  ['KAPSO_SESSION_ISOLATION', 'security.session_isolation'],
  ['KAPSO_DEFAULT_ROLE', 'security.default_role'],
  ['KAPSO_TRANSCRIBE_PROVIDER', 'transcribe.provider'],
  ['KAPSO_TRANSCRIBE_API_KEY', 'transcribe.api_key'],
  ['KAPSO_TRANSCRIBE_MODEL', 'transcribe.model'],
  ['KAPSO_TRANSCRIBE_LANGUAGE', 'transcribe.language'],
  ['BRIDGE_HEALTH_ADDR', 'health.addr'],
  ['BRIDGE_LOG_LEVEL', 'log.level'],
];

export const ms = (seconds: number): number => seconds * SECOND;
