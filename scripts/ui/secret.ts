/** Asks at a terminal for what nobody beside it should read: what is typed is not shown. */

import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { PlaneError } from '../../contracts/errors.ts';

export interface SecretPrompt {
  /** @throws PlaneError ABORTED when the terminal is closed: Ctrl-C, Ctrl-D */
  ask(question: string): Promise<string>;
  close(): void;
}

/** One for all questions, so that lines that are pasted together are not lost between them. */
export function openSecretPrompt(
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): SecretPrompt {
  // Readline echoes to its output what is typed: this one takes it, and shows nothing.
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input, output: silent, terminal: true });
  const lines = terminal[Symbol.asyncIterator]();
  return {
    async ask(question) {
      output.write(question);
      const { done, value } = await lines.next();
      output.write('\n');
      if (done) throw new PlaneError('ABORTED', 'Nothing was changed.');
      return value.trim();
    },
    close: () => terminal.close(),
  };
}
