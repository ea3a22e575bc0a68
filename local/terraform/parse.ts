/** Reads a Terraform file: blocks and attributes. */

import { type Cursor, createCursor } from './cursor.ts';
import { readExpression, readName } from './expression.ts';
import { type Block, type Body, type Expression, TerraformError } from './syntax.ts';

const LABEL = /"[^"\n\\$]*"/;

/** @param closed whether a `}` ends it; the file's own body ends with the file */
function readBody(cursor: Cursor, closed: boolean): Body {
  const attributes = new Map<string, Expression>();
  const blocks: Block[] = [];
  for (;;) {
    if (cursor.ended()) {
      if (closed) cursor.fail('"}"');
      return { attributes, blocks };
    }
    if (closed && cursor.takes('}')) return { attributes, blocks };
    const name = readName(cursor);
    if (cursor.takes('=')) {
      if (attributes.has(name)) throw new TerraformError(`${name} is set twice in one block`);
      attributes.set(name, readExpression(cursor));
      if (cursor.match(/(?:#[^\n]*)?(?=\n|\}|$)/) === undefined) cursor.fail('the end of the line');
    } else blocks.push(readBlock(cursor, name));
  }
}

function readBlock(cursor: Cursor, type: string): Block {
  const labels: string[] = [];
  for (let label = cursor.match(LABEL); label; label = cursor.match(LABEL)) {
    labels.push(label.slice(1, -1));
  }
  cursor.needs('{');
  return { type, labels, body: readBody(cursor, true) };
}

/**
 * @param file for messages
 * @throws TerraformError with file and line
 */
export const parseTerraform = (text: string, file: string): Body =>
  readBody(createCursor(text, file), false);
