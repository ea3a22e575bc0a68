/** The config document as it comes out of its secret. */

import { type ConfigDocument, configDocument } from '../../contracts/config-document.ts';
import { canonicalJson } from './canonical.ts';

/** Undefined when there is none, or it is not a config document. */
export function readDocument(payload: string | undefined): ConfigDocument | undefined {
  if (payload === undefined) return undefined;
  try {
    return configDocument.safeParse(JSON.parse(payload)).data;
  } catch {
    return undefined;
  }
}

/** Whether the newest config version says what is wanted, whatever form it was written in. */
export function sameDocument(payload: string | undefined, document: ConfigDocument): boolean {
  const current = readDocument(payload);
  return current !== undefined && canonicalJson(current) === canonicalJson(document);
}
