/** A request to a model and its answer, whatever the provider's wire format. */

import type { Provider } from '../../contracts/models.ts';

export interface Turn {
  readonly role: 'user' | 'assistant' | 'tool';
  /** All text parts, joined by line breaks; images and the like leave nothing. */
  readonly text: string;
}

export interface ModelRequest {
  readonly provider: Provider;
  readonly model: string;
  readonly system: string;
  readonly turns: readonly Turn[];
  /** Names of the tools that the caller offers. */
  readonly tools: readonly string[];
  readonly stream: boolean;
}

export interface ToolCall {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

export interface Usage {
  readonly input: number;
  readonly output: number;
}

export interface ModelReply {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  /** What the answer is said to have cost, in tokens; counted from the texts when left out. */
  readonly usage?: Usage;
}

/** A scripted answer: text, a tool call, or undefined when this script has nothing to say. */
export type Script = (request: ModelRequest) => string | ToolCall | ModelReply | undefined;

export function toReply(answer: string | ToolCall | ModelReply): ModelReply {
  if (typeof answer === 'string') return { text: answer, toolCalls: [] };
  return 'name' in answer ? { text: '', toolCalls: [answer] } : answer;
}

/** What OpenClaw 2026.9.6 tells the model alone, in user turns of its own after the person's (seen). */
const INTERNAL =
  /<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>[\s\S]*?<<<END_OPENCLAW_INTERNAL_CONTEXT>>>/g;

/** The conversation without what no person, model or tool said. */
export const spokenTurns = (request: ModelRequest): readonly Turn[] =>
  request.turns
    .map(({ role, text }) => ({ role, text: text.replace(INTERNAL, '').trim() }))
    .filter((turn, at) => turn.text !== '' || turn.text === request.turns[at]?.text);

/** The text of the last turn that a person (or a heartbeat) wrote. */
export function lastUserText(request: ModelRequest): string {
  return spokenTurns(request).findLast((turn) => turn.role === 'user')?.text ?? '';
}

/** Rough, but stable: four characters a token, as all three providers' rules of thumb say. */
const tokensOf = (text: string): number => Math.ceil(text.length / 4);

export const inputTokens = (request: ModelRequest): number =>
  tokensOf(request.system) + request.turns.reduce((sum, turn) => sum + tokensOf(turn.text), 0);

/** What an answer reports as used. */
export const spentOn = (request: ModelRequest, reply: ModelReply): Usage =>
  reply.usage ?? {
    input: inputTokens(request),
    output: tokensOf(reply.text + JSON.stringify(reply.toolCalls)),
  };

/** Cuts text as a stream would: a few words at a time; joined again it is the same text. */
export function chunksOf(text: string): readonly string[] {
  return text.match(/(?:\S+\s*|\s+){1,4}/g) ?? [];
}
