/** What a VM writes into its agent's annotations, and the room that each may take: a secret holds 16 KiB of them. */

import { ANNOTATION_CHANNEL, ANNOTATION_STATUS } from './observed.ts';

/** Characters: more than `vmStatus` and `channelReport` allow, in JSON. */
const MOST: Readonly<Record<string, number>> = {
  [ANNOTATION_STATUS]: 4000,
  [ANNOTATION_CHANNEL]: 100,
};

type Annotations = Readonly<Record<string, string>>;

/** Without those that are longer than a VM may make them now: beside them an intent might find no room. */
export const withRoom = (annotations: Annotations): Annotations =>
  Object.fromEntries(
    Object.entries(annotations).filter(([key, text]) => text.length <= (MOST[key] ?? Infinity)),
  );
