/** A place in the text of a Terraform file, and the few ways to move on from it. */

import { TerraformError } from './syntax.ts';

/** Blanks and comments; line ends too inside brackets and between blocks. */
const BLANK = /(?:\s|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
const BLANK_ON_LINE = /[ \t]*/y;

export interface Cursor {
  /** Whether the text goes on like that after blanks; does not move. */
  sees(text: string): boolean;
  /** Moves over it when it is there. */
  takes(text: string): boolean;
  /** @throws TerraformError when it is not there */
  needs(text: string): void;
  /** Moves over what matches, without skipping blanks first when `raw`. */
  match(pattern: RegExp, raw?: boolean): string | undefined;
  /** Whether only blanks are left. */
  ended(): boolean;
  /** Runs `read` with line ends counting as blanks, as inside brackets. */
  acrossLines<T>(read: () => T): T;
  fail(expected: string): never;
}

/** @param file for messages */
export function createCursor(text: string, file: string): Cursor {
  let at = 0;
  let depth = 0;

  const skip = (): void => {
    const blank = depth > 0 ? BLANK : BLANK_ON_LINE;
    blank.lastIndex = at;
    at += blank.exec(text)?.[0].length ?? 0;
  };
  const fail = (expected: string): never => {
    const line = text.slice(0, at).split('\n').length;
    const found = text.slice(at, at + 20).split('\n')[0];
    throw new TerraformError(`${file}:${line}: expected ${expected}, found "${found}"`);
  };
  const sees = (wanted: string): boolean => {
    skip();
    return text.startsWith(wanted, at);
  };
  const takes = (wanted: string): boolean => {
    if (!sees(wanted)) return false;
    at += wanted.length;
    return true;
  };
  return {
    sees,
    takes,
    fail,
    needs(wanted) {
      if (!takes(wanted)) fail(`"${wanted}"`);
    },
    match(pattern, raw = false) {
      if (!raw) skip();
      const sticky = new RegExp(pattern.source, 'y');
      sticky.lastIndex = at;
      const found = sticky.exec(text)?.[0];
      at += found?.length ?? 0;
      return found;
    },
    ended() {
      depth += 1;
      skip();
      depth -= 1;
      return at >= text.length;
    },
    acrossLines(read) {
      depth += 1;
      const result = read();
      depth -= 1;
      return result;
    },
  };
}
