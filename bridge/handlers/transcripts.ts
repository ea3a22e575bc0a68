/** Gives voice notes their words before the handler reads them. */

import type { AdmittedMessage } from '../message.ts';
import type { Handler, HandlerContext } from '../ports.ts';
import type { Transcribe } from '../transcribe/transcribe.ts';
import { type Failed, fileLater } from './file-later.ts';

/** Voice notes with their words, or known to have none, whose message is not answered yet; more would be no help while the agent is away. */
const KEPT = 50;

const isVoice = ({ content }: AdmittedMessage): boolean =>
  content.kind === 'media' && content.media === 'audio' && !content.file.transcript;

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
  if (content.kind !== 'media' || !isVoice(message)) return message;
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
  // By the message's key: an attempt costs money, and there may be one each 15 s for a day.
  const kept = new Map<string, AdmittedMessage>();
  const heardBefore = async (
    message: AdmittedMessage,
    context: HandlerContext,
  ): Promise<AdmittedMessage | Failed> => {
    if (!isVoice(message)) return message;
    const known = kept.get(context.key);
    if (known) return known;
    const heard = await withWords(transcribe, message, context, onFailed);
    if ('kind' in heard) return heard;
    // One without words as well: the provider was asked, and paid.
    kept.set(context.key, heard);
    for (const oldest of [...kept.keys()].slice(0, -KEPT)) kept.delete(oldest);
    return heard;
  };
  return {
    ...inner,
    async handle(message, context) {
      const heard = await heardBefore(message, context);
      if ('kind' in heard) return heard;
      const outcome = await inner.handle(heard, context);
      if (outcome.kind === 'replies') kept.delete(context.key);
      return outcome;
    },
  };
}
