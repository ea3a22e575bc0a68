/** The agent resource, as `GET /v1/agents/{name}` and `POST /v1/agents` return it. */

import { z } from 'zod';
import { askPhone, budget, email, PROFILES, WHATSAPP_MODES } from './config-document.ts';
import { problem } from './errors.ts';
import { agentName } from './names.ts';

export const AGENT_STATES = [
  'provisioning',
  'booting',
  'ready',
  'stopped',
  'failed',
  /** Out of service: stopped and without rights; all it has is kept. */
  'deprovisioned',
  'purging',
] as const;
export type AgentState = (typeof AGENT_STATES)[number];

const CHANNEL_STATES = [
  /** Nobody has linked it yet. */
  'unlinked',
  /** A code is being shown. */
  'linking',
  /** Too many attempts in a row: the next one may start later. */
  'paused',
  'linked',
  /** The phone or WhatsApp ended the link. */
  'logged-out',
  /** Linked, or a business number, but nothing comes through. */
  'deaf',
] as const;
export type ChannelState = (typeof CHANNEL_STATES)[number];

/** WhatsApp, as far as it is linked like a device. A business number has nothing to link, and this while it is deaf. */
const channel = z.strictObject({
  state: z.enum(CHANNEL_STATES),
  /** RFC 3339; undefined while nothing is known of it. */
  since: z.string().optional(),
});
export type Channel = z.infer<typeof channel>;

/** What the agent spent, as it last reported. */
const spend = z.strictObject({
  /** `2026-11`, in the agent's time zone. */
  month: z.string(),
  usd: z.number(),
  /** The shared key is closed to it until the month turns or the budget is raised. */
  withdrawn: z.boolean(),
});
export type Spend = z.infer<typeof spend>;

/** Phone numbers are masked (`+1555•••4567`): the resource is for screens and logs. */
export const agent = z.strictObject({
  name: agentName,
  user: email,
  state: z.enum(AGENT_STATES),
  /** What a person can act on: why it `failed`, or what a `ready` one lacks. */
  reason: z.string().optional(),
  userPhone: z.string(),
  whatsappNumber: z.string().optional(),
  whatsapp: z.strictObject({ mode: z.enum(WHATSAPP_MODES), askPhone: askPhone.optional() }),
  model: z.string(),
  budget,
  profile: z.enum(PROFILES),
  timezone: z.string(),
  /** Number of the config secret's newest version. */
  configVersion: z.string(),
  instance: z.strictObject({ name: z.string(), zone: z.string(), status: z.string().optional() }),
  serviceAccount: z.string(),
  /** Whose key the gateway runs on, as the VM last said. */
  key: z.enum(['own', 'shared', 'none']).optional(),
  channel: channel.optional(),
  spend: spend.optional(),
});
export type Agent = z.infer<typeof agent>;

/** As a list shows it: which version is in force is not known there. */
const listedAgent = agent.omit({ configVersion: true });
export type ListedAgent = z.infer<typeof listedAgent>;

/** `GET /v1/agents`: one page of the fleet. */
export const agentList = z.strictObject({
  agents: z.array(listedAgent),
  nextPageToken: z.string().optional(),
});
export type AgentList = z.infer<typeof agentList>;

/** One step of a plan, as `?dryRun=true` shows it. */
const planStep = z.strictObject({
  id: z.string(),
  title: z.string(),
  /** Ids of the steps that must be done before. */
  needs: z.array(z.string()),
});

export const plan = z.strictObject({
  agent: agentName,
  steps: z.array(planStep),
  /** Not as it should be, and left alone all the same; with what a person can do. */
  untouched: z.array(problem).optional(),
});
export type PlanView = z.infer<typeof plan>;

/** The body of `POST /v1/agents/{name}/pairing-link`. */
export const pairingLinkRequest = z.strictObject({
  /** Kills every link that was given out before. */
  replace: z.boolean().default(false),
});

export const pairingLink = z.strictObject({
  url: z.url(),
  /** RFC 3339 */
  expires: z.string(),
});
export type PairingLink = z.infer<typeof pairingLink>;
