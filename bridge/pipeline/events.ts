/** What happens in the pipeline, for logs and metrics. Never a message's text. */

import type { Verdict } from '../guard/guard.ts';

export type PipelineEvent =
  | {
      readonly type: 'received';
      readonly key: string;
      readonly lane: string;
      readonly content: string;
      readonly verdict: Verdict['kind'] | 'duplicate';
    }
  | {
      readonly type: 'handled' | 'handler-again' | 'handler-away' | 'handler-dead';
      readonly key: string;
      readonly lane: string;
      readonly attempts: number;
      readonly note?: string;
      /** Of this attempt. */
      readonly ms: number;
    }
  | {
      readonly type: 'sent' | 'send-again' | 'send-rest' | 'send-dead' | 'send-interrupted';
      readonly key: string;
      readonly lane: string;
      readonly attempts: number;
      readonly note?: string;
      readonly ms: number;
      /** Since the item was queued. */
      readonly waitedMs: number;
    }
  | { readonly type: 'confirmed'; readonly key: string }
  /** WhatsApp took it, and could not deliver it. */
  | {
      readonly type: 'send-failed';
      readonly key: string;
      readonly lane: string;
      readonly note: string;
    }
  | { readonly type: 'broken'; readonly error: unknown };

export type Observer = (event: PipelineEvent) => void;

/** @returns why something failed, for a note or a log: the error's own words */
export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : 'unknown';
