/**
 * What the local model says: always the same to the same conversation, and built from
 * what the request really carried, so that an answer shows what the agent was told.
 */

import {
  lastUserText,
  type ModelReply,
  type ModelRequest,
  spokenTurns,
  toReply,
} from './conversation.ts';

/** What an agent with this tool can do, in an owner's words. First match wins, once each. */
const TOOL_ABILITIES: ReadonlyArray<readonly [RegExp, string]> = [
  [/^(web_search|web_fetch|browser)$/, 'look things up on the web and summarise what I find'],
  [/^(read|write|edit|apply_patch)$/, 'draft, keep and tidy your notes and documents'],
  [/^(exec|process|bash)$/, 'run small jobs on the machine that is mine alone'],
  [/^(cron|schedule)$/, 'remind you, and do things on a schedule'],
  [/^memory/, 'remember what matters to you from one conversation to the next'],
  [/^message$/, 'write to you first when something needs you'],
  [/^image/, 'look at pictures you send me'],
];

/** What the system prompt tells the agent it can do. */
const PROMPT_ABILITIES: ReadonlyArray<readonly [RegExp, string]> = [
  [/\bagent store-key\b/, 'keep your own API key in Secret Manager, when you send me one'],
  [/\bagent mail\b/, 'send you an email when something is too long for a chat'],
  [/whatsapp/i, 'answer you here on WhatsApp, and nobody else'],
  [/heartbeat/i, 'check in now and then, and stay quiet when nothing needs you'],
];

const GENERAL = ['answer questions', 'help you write, plan and decide'];

function abilities(request: ModelRequest): string[] {
  const tools = TOOL_ABILITIES.filter(([name]) => request.tools.some((tool) => name.test(tool)));
  const told = PROMPT_ABILITIES.filter(([words]) => words.test(request.system));
  return [...GENERAL, ...tools.map(([, text]) => text), ...told.map(([, text]) => text)];
}

function describeMyself(request: ModelRequest): string {
  const owner = /[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,}/i.exec(request.system)?.[0];
  const hello = owner ? `I'm the private agent of ${owner}.` : "I'm your private agent.";
  const list = abilities(request).map((ability) => `- ${ability}`);
  return `${hello} I can\n${list.join('\n')}\nTell me what is on your plate and I'll start there.`;
}

/** How OpenClaw 2026.9.6 begins a heartbeat's prompt, which says what to answer when nothing is to do. */
const HEARTBEAT = /^Follow the heartbeat monitor scratch\b/m;
const NOTHING_TO_SAY = 'NO_REPLY';

/** Whether a turn is a heartbeat and no person's. */
export const isHeartbeat = (text: string): boolean => HEARTBEAT.test(text);

const QUOTE_MAX = 200;

/** The answer when no script has one. */
export function answer(request: ModelRequest): ModelReply {
  const text = lastUserText(request);
  if (/what can you do/i.test(text)) return toReply(describeMyself(request));
  if (isHeartbeat(text)) return toReply(NOTHING_TO_SAY);
  const last = spokenTurns(request).at(-1);
  const result = last?.role === 'tool' ? last.text : undefined;
  if (result !== undefined) return toReply(`Done. ${result.trim().slice(0, QUOTE_MAX)}`.trim());
  const said = text.trim().split('\n').at(-1)?.slice(0, QUOTE_MAX) ?? '';
  return toReply(said === '' ? 'Hello! What can I do for you?' : `You said: ${said}`);
}
