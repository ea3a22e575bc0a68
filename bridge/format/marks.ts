/**
 * Markdown, as models write it, to WhatsApp's own marks: *bold*, _italic_, ~strike~, ```code```.
 * WhatsApp shows lists and quotes as they are written, and neither headings, links nor tables.
 */

const FENCE = /^(```|~~~)/;

/** Stands for a bold mark while italics are turned; no text has it (a private-use character). */
const BOLD = '\uE000';

const INLINE_CODE = /(`+)([\s\S]*?)\1/;

/** What is not code. */
function marks(text: string): string {
  return (
    text
      .replace(/!\[([^\]]*)\]\((\S+?)\)/g, (_, alt: string, url: string) =>
        alt ? `${alt}: ${url}` : url,
      )
      .replace(/\[([^\]]+)\]\((\S+?)(?:\s+"[^"]*")?\)/g, (_, label: string, url: string) =>
        label === url ? url : `${label} (${url})`,
      )
      .replace(/(\*\*|__)(?=\S)([\s\S]*?\S)\1/g, `${BOLD}$2${BOLD}`)
      // A single star is italic in Markdown and bold in WhatsApp.
      .replace(/(?<![\w*])\*(?=[^\s*])([^*\n]*[^\s*])\*(?![\w*])/g, '_$1_')
      .replace(/~~(?=\S)([\s\S]*?\S)~~/g, '~$1~')
      .replaceAll(BOLD, '*')
  );
}

/** Inline code keeps its text untouched. */
function inline(line: string): string {
  const found = INLINE_CODE.exec(line);
  if (!found) return marks(line);
  const code = `\`${found[2] ?? ''}\``;
  const after = line.slice(found.index + found[0].length);
  return marks(line.slice(0, found.index)) + code + inline(after);
}

const TABLE_RULE = /^\s*\|?[\s:|-]*-[\s:|-]*\|[\s:|-]*$/;

function tableRow(line: string): string {
  const cells = line
    .trim()
    .replace(/^\||\|$/g, '')
    .split('|');
  return inline(cells.map((cell) => cell.trim()).join(' | '));
}

function line(text: string): string[] {
  const heading = /^#{1,6}\s+(.*?)\s*#*$/.exec(text)?.[1];
  if (heading !== undefined) return [`*${inline(heading).replaceAll('*', '')}*`];
  if (TABLE_RULE.test(text)) return [];
  if (/^\s*\|.*\|\s*$/.test(text)) return [tableRow(text)];
  if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(text)) return ['———'];
  const bullet = /^(\s*)[*+-]\s+(.*)$/.exec(text);
  if (bullet) return [`${bullet[1]}- ${inline(bullet[2] ?? '')}`];
  return [inline(text)];
}

/** @param markdown as a model wrote it. @returns text for WhatsApp; plain text stays as it is. */
export function toWhatsApp(markdown: string): string {
  let fenced = false;
  const lines = markdown.replaceAll('\r\n', '\n').split('\n');
  return lines
    .flatMap((text) => {
      if (!FENCE.test(text.trimStart())) return fenced ? [text] : line(text);
      fenced = !fenced;
      return ['```'];
    })
    .join('\n')
    .trim();
}
