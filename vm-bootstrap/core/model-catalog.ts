/**
 * What models cost and hold. OpenClaw's bundled prices are incomplete (FACTS.md), and an
 * agent's budget is only as good as its prices, so every configured model gets one: an id
 * that is not listed is charged like the dearest listed model of its provider.
 *
 * USD per million tokens; limits in tokens. Sources: the providers' public price lists
 * (docs.claude.com/en/docs/about-claude/pricing, platform.openai.com/docs/pricing,
 * ai.google.dev/gemini-api/docs/pricing).
 */

import type { ModelRef, Provider } from '../../contracts/models.ts';

export interface Cost {
  readonly input: number;
  readonly output: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
}

export interface ModelEntry {
  readonly cost: Cost;
  readonly contextWindow: number;
  readonly maxTokens: number;
}

const entry = (
  input: number,
  output: number,
  cacheRead: number,
  cacheWrite: number,
  contextWindow: number,
  maxTokens: number,
): ModelEntry => ({
  cost: { input, output, cacheRead, cacheWrite },
  contextWindow,
  maxTokens,
});

const CATALOG: Readonly<Record<Provider, Readonly<Record<string, ModelEntry>>>> = {
  anthropic: {
    'claude-opus-4-6': entry(5, 25, 0.5, 6.25, 200_000, 32_000),
    'claude-sonnet-4-6': entry(3, 15, 0.3, 3.75, 200_000, 32_000),
    'claude-haiku-4-5': entry(1, 5, 0.1, 1.25, 200_000, 32_000),
  },
  openai: {
    'gpt-5.4': entry(2.5, 15, 0.25, 2.5, 272_000, 64_000),
    'gpt-5.4-mini': entry(0.75, 4.5, 0.075, 0.75, 272_000, 64_000),
  },
  google: {
    'gemini-3.1-pro': entry(4, 18, 0.4, 4, 200_000, 64_000),
    'gemini-3-flash': entry(0.5, 3, 0.05, 0.5, 200_000, 64_000),
  },
};

/** Entry of a model; for an id we do not know, the dearest of its provider (by output price). */
export function catalogEntry(model: ModelRef): ModelEntry {
  const listed = CATALOG[model.provider];
  const known = Object.hasOwn(listed, model.id) ? listed[model.id] : undefined;
  return (
    known ??
    Object.values(listed).reduce((dearest, next) =>
      next.cost.output > dearest.cost.output ? next : dearest,
    )
  );
}
