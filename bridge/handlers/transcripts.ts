/** Gives voice notes their words before the handler reads them. */

import type { AdmittedMessage } from '../message.ts';
import type { Handler, HandlerContext } from '../ports.ts';
import type { Transcribe } from '../transcribe/transcribe.ts';
import { type Failed, fileLater } from './file-later.ts';

/**
 * A voice note that nobody can read stays one: the handler tells the agent so.
 * @returns a failure when it may be had later
 */
async function withWords(
  transcribe: Transcribe,
  message: AdmittedMessage,
  { file, begun }: HandlerContext,
  onFailed: (reason: string) => void,
): Promise<AdmittedMessage | Failed> {
  const { content } = message;
  if (content.kind !== 'media' || content.media !== 'audio' || content.file.transcript) {
    return message;
  }
  const found = await file();
  if (found.kind === 'refused') return fileLater(found, begun) ?? message;
  try {
    const { bytes } = found;
    const transcript = await transcribe({ bytes, mime: content.file.mime ?? found.mime });
    if (transcript === '') return message;
    return { ...message, content: { ...content, file: { ...content.file, transcript } } };
  } catch (error) {
    onFailed((error as Error).message);
    return message;
  }
}

/**
 * @param transcribe undefined when it is off: then `inner` as it is
 * @param onFailed why a voice note has no words; neither they nor a key are in it
 */
export function withTranscripts(
  transcribe: Transcribe | undefined,
  inner: Handler,
  onFailed: (reason: string) => void,
): Handler {
  if (!transcribe) return inner;
  return {
    ...inner,
    async handle(message, context) {
      const heard = await withWords(transcribe, message, context, onFailed);
      return 'kind' in heard ? heard : inner.handle(heard, context);
    },
  };
}
