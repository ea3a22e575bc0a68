/** How a command ends that could not do what it was asked to: one message, exit code 1. */

import { PlaneError } from '../../contracts/errors.ts';

/** A sentence (and details, if any) for a person; the stack only for what nobody foresaw. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof PlaneError)) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const details = error.details.map(({ field, problem, fix }) => `  ${field}: ${problem}; ${fix}`);
  return [`${error.code}: ${error.message}`, ...details].join('\n');
}
