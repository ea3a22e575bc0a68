/** Asks at a terminal before something that nothing brings back. */

import { createInterface } from 'node:readline';
import { PlaneError } from '../../contracts/errors.ts';

export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: NodeJS.WritableStream;
}

/**
 * @param question what will be lost, and that `word` is to be typed
 * @throws PlaneError ABORTED when something else is typed, or the terminal is closed;
 *   FAILED_PRECONDITION when there is nobody to ask
 */
export async function confirmByTyping(
  { input, output }: Terminal,
  question: string,
  word: string,
): Promise<void> {
  if (!input.isTTY) {
    const message = 'This cannot be undone, and there is no terminal to ask at: say --yes.';
    throw new PlaneError('FAILED_PRECONDITION', message);
  }
  const terminal = createInterface({ input, output, terminal: true });
  terminal.setPrompt(question);
  terminal.prompt();
  try {
    const { done, value } = await terminal[Symbol.asyncIterator]().next();
    if (done) output.write('\n');
    if (value?.trim() !== word) throw new PlaneError('ABORTED', 'Nothing was changed.');
  } finally {
    terminal.close();
  }
}
