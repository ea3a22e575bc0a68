/** Reading what an owner replied by mail: whether its first word is "connect". */

export interface Reply {
  readonly subject: string;
  /** Plain text, quotes of the mail before and all. */
  readonly text: string;
}

/** What mail programs put above a quote; long ones are broken into two lines. */
const ATTRIBUTION = /^(on|am|le|el|il) .*/i;

const firstWord = (text: string): string =>
  /[\p{L}\p{N}]+/u.exec(text.normalize('NFKC'))?.[0]?.toLowerCase() ?? '';

/** The first line that the writer wrote: not empty, and not a quote of ours. */
function ownLine(text: string): string {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return lines.find((line) => firstWord(line) !== '' && !line.startsWith('>')) ?? '';
}

/** In whatever case and between whatever quotes and marks. */
export function saysConnect({ subject, text }: Reply): boolean {
  const line = ownLine(text);
  // Below a quote: the first own line is the attribution then, and what counts comes later.
  const below = ATTRIBUTION.test(line) && text.includes('>') ? ownLineBelow(text) : '';
  return [line, below, subject].some((each) => firstWord(each) === 'connect');
}

function ownLineBelow(text: string): string {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const lastQuote = lines.findLastIndex((line) => line.startsWith('>'));
  return ownLine(lines.slice(lastQuote + 1).join('\n'));
}
