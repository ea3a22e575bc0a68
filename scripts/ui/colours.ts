/** Colour on a terminal, and nowhere else: not in a file, a pipe or a CI log, whatever CI says. */

import pc from 'picocolors';

export const coloursFor = (stream: NodeJS.WriteStream): ReturnType<typeof pc.createColors> =>
  pc.createColors(stream.isTTY === true && stream.hasColors());
