/** Settings to parts: the one place that knows them all. Opens nothing by itself. */

import { join } from 'node:path';
import { PlaneError } from '../contracts/plane-error.ts';
import { type BridgeConfig, ms } from './config/schema.ts';
import { createGuard, type Guard } from './guard/guard.ts';
import { normaliseNumber } from './guard/number.ts';
import { withCommands } from './handlers/commands.ts';
import { createOpenclaw } from './handlers/openclaw/openclaw.ts';
import { withTranscripts } from './handlers/transcripts.ts';
import type { BridgeLog } from './observe/log.ts';
import type { Handler, Transport } from './ports.ts';
import { createTranscribe } from './transcribe/transcribe.ts';
import { createKapso } from './transports/kapso/kapso.ts';
import { createMeta } from './transports/meta/meta.ts';
import { pullFrom } from './transports/queue/pull.ts';
import { listenAt, type OpenWebhooks } from './transports/webhook-server.ts';

/** `~/x` -> below the home folder. */
export const expandHome = (path: string, home: string): string =>
  path.startsWith('~/') ? join(home, path.slice(2)) : path;

export function composeGuard({ security }: BridgeConfig): Guard {
  const listed = new Set(Object.values(security.roles).flat().map(normaliseNumber));
  // A number with a role of its own keeps it.
  const plain = security.allowed_numbers.filter((number) => !listed.has(normaliseNumber(number)));
  const { default_role: defaultRole } = security;
  return createGuard({
    mode: security.mode,
    roles: {
      ...security.roles,
      [defaultRole]: [...(security.roles[defaultRole] ?? []), ...plain],
    },
    defaultRole,
    denyMessage: security.deny_message,
    rateLimit: security.rate_limit,
    rateWindowMs: ms(security.rate_window),
  });
}

function kapsoOf(config: BridgeConfig, log: BridgeLog): Transport {
  const { kapso, delivery, webhook } = config;
  const listens = delivery.mode !== 'polling';
  // Whoever takes the webhooks for us answers for the address as well.
  const verifyToken = delivery.mode === 'queue' ? {} : { verifyToken: webhook.verify_token };
  const polls = !listens || delivery.poll_fallback;
  return createKapso({
    baseUrl: kapso.base_url,
    apiKey: kapso.api_key,
    phoneNumberId: kapso.phone_number_id,
    pollEveryMs: polls ? ms(delivery.poll_interval) : 0,
    ...(listens && {
      webhook: { open: webhooksOf(config, log), secret: webhook.secret, ...verifyToken },
    }),
    onPollFailed: (error) => log.warn({ reason: (error as Error).message }, 'poll failed'),
  });
}

/** @throws PlaneError FAILED_PRECONDITION without the queue's name. */
function webhooksOf({ delivery, queue, webhook }: BridgeConfig, log: BridgeLog): OpenWebhooks {
  if (delivery.mode !== 'queue') return listenAt(webhook.addr);
  const { subscription, base_url: baseUrl, metadata_url: metadataUrl } = queue;
  if (!subscription) throw new PlaneError('FAILED_PRECONDITION', 'Set queue.subscription.');
  return pullFrom({
    subscription,
    baseUrl,
    metadataUrl,
    onTrouble: (reason) => log.warn({ reason }, 'webhook queue'),
  });
}

function metaOf(config: BridgeConfig, log: BridgeLog): Transport {
  const { meta, webhook } = config;
  return createMeta({
    baseUrl: `${meta.base_url}/${meta.graph_version}`,
    accessToken: meta.access_token,
    phoneNumberId: meta.phone_number_id,
    appSecret: meta.app_secret,
    verifyToken: webhook.verify_token,
    open: webhooksOf(config, log),
  });
}

/** Which settings a transport cannot do without, and the variables that set them. */
function demand(settings: readonly (readonly [string, string])[]): void {
  const missing = settings.filter(([, value]) => value === '').map(([name]) => name);
  if (missing.length === 0) return;
  throw new PlaneError('FAILED_PRECONDITION', `Set ${missing.join(' and ')}.`);
}

/** What Kapso's webhooks need, by how they come. */
function neededFor({ delivery, webhook }: BridgeConfig): readonly (readonly [string, string])[] {
  if (delivery.mode === 'polling') return [];
  // Whoever fills the queue takes what is signed, and nothing else: without a secret it stays empty.
  if (delivery.mode === 'queue') return [['KAPSO_WEBHOOK_SECRET', webhook.secret]];
  return [['KAPSO_WEBHOOK_VERIFY_TOKEN', webhook.verify_token]];
}

/**
 * Meta when its phone number id is set, else Kapso.
 * @throws PlaneError FAILED_PRECONDITION naming what is not set.
 */
export function composeTransport(config: BridgeConfig, log: BridgeLog): Transport {
  const { kapso, meta, delivery, webhook } = config;
  if (meta.phone_number_id !== '') {
    if (delivery.mode === 'polling') {
      throw new PlaneError(
        'FAILED_PRECONDITION',
        'Meta delivers by webhook alone: set delivery.mode (KAPSO_MODE) to "domain" or "tailscale".',
      );
    }
    demand([
      ['WHATSAPP_ACCESS_TOKEN', meta.access_token],
      ['WHATSAPP_APP_SECRET', meta.app_secret],
      ['KAPSO_WEBHOOK_VERIFY_TOKEN', webhook.verify_token],
    ]);
    return metaOf(config, log);
  }
  demand([
    ['KAPSO_API_KEY', kapso.api_key],
    ['KAPSO_PHONE_NUMBER_ID', kapso.phone_number_id],
    ...neededFor(config),
  ]);
  return kapsoOf(config, log);
}

export interface HandlerTroubles {
  /** A voice note could not be transcribed. */
  readonly onUnheard: (reason: string) => void;
  /** The gateway lets nobody in. @param code OpenClaw's own */
  readonly onRefused: (code: string) => void;
}

/** @param troubles left out by who asks once and sees for itself */
export function composeHandler(
  { gateway, security, commands, transcribe }: BridgeConfig,
  { onUnheard, onRefused }: HandlerTroubles = { onUnheard: () => {}, onRefused: () => {} },
): Handler {
  const openclaw = createOpenclaw({
    url: gateway.url,
    token: gateway.token,
    role: gateway.role,
    scopes: gateway.scopes,
    sessionKey: gateway.session_key,
    sessionIsolation: security.session_isolation,
    runTimeoutMs: ms(gateway.timeout),
    onRefused,
  });
  const heard = withTranscripts(createTranscribe(transcribe), openclaw, onUnheard);
  return withCommands(commands, heard);
}
