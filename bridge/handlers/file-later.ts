/** A message whose file may be had at a later attempt. Pure. */

import type { FileResult, HandlerOutcome } from '../ports.ts';

export type Failed = Extract<HandlerOutcome, { kind: 'failed' }>;

/** @returns undefined for a file that is here, and for one that never will be */
export const fileLater = (found: FileResult, begun: boolean): Failed | undefined =>
  found.kind === 'refused' && found.passing
    ? { kind: 'failed', reason: `file: ${found.reason}`, begun }
    : undefined;
