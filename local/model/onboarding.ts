/**
 * A model that follows BOOTSTRAP.md as a good one would: one question at a time, a note after
 * each answer, and at the end the agent's own files. What it was told before is read from the
 * prompt alone, so a restart between two steps shows whether the notes survived.
 */

import {
  lastUserText,
  type ModelReply,
  type ModelRequest,
  spokenTurns,
  type ToolCall,
} from './conversation.ts';

const HEADING = '## Done so far';

/** The notes that the agent made in BOOTSTRAP.md; undefined once the file is gone. */
function notesIn(system: string): readonly string[] | undefined {
  const file = /^## \S*BOOTSTRAP\.md$([\s\S]*?)(?=^## \/|^<!-- |$(?![\s\S]))/m.exec(system)?.[1];
  if (file === undefined) return undefined;
  const notes = file.slice(file.lastIndexOf(HEADING) + HEADING.length);
  return [...notes.matchAll(/^- (.+)$/gm)].map(([, note = '']) => note);
}

/** What the owner wrote: OpenClaw puts the time in front. */
const spoken = (text: string): string => text.replace(/^\[[^\]]*\]\s*/, '').trim();

const nameIn = (text: string): string =>
  /\b(?:I'?m|I am|call me|name is)\s+(\p{Lu}\p{L}+)/u.exec(text)?.[1] ?? text.split(/\s+/)[0] ?? '';

interface Step {
  /** First word of its note. */
  readonly topic: string;
  readonly note: (said: string) => string;
  readonly say: (said: string) => string;
}

const STEPS: readonly Step[] = [
  {
    topic: 'name',
    note: (said) => nameIn(said),
    say: (said) =>
      `Nice to meet you, ${nameIn(said)}! What vibe do you want from me: casual and friendly, ` +
      'professional and concise, or somewhere in between?',
  },
  {
    topic: 'vibe',
    note: (said) => said,
    say: () =>
      "Love it. One important setup thing: right now I'm on a shared API key from your " +
      'organisation. For privacy you will want your own. Create one and send it to me right here.',
  },
  {
    topic: 'work',
    note: (said) => said,
    say: () =>
      'That helps. Shall I send you three lines every morning on what the day holds? ' +
      'Just say yes.',
  },
];

/** The note goes behind the last one; what it replaces is named whole, as it must be found once. */
const take = (note: string, notes: readonly string[]): ToolCall => {
  const before = [HEADING, ...notes.map((one) => `- ${one}`)].join('\n');
  const edits = [{ oldText: before, newText: `${before}\n- ${note}` }];
  return { name: 'edit', input: { path: 'BOOTSTRAP.md', edits } };
};

const FINISH: readonly ToolCall[] = [
  {
    name: 'write',
    input: { path: 'USER.md', content: '- Prefer casual, friendly messages.\n' },
  },
  { name: 'write', input: { path: 'SOUL.md', content: 'Casual, warm, brief.\n' } },
  { name: 'exec', input: { command: 'rm BOOTSTRAP.md' } },
];

const act = (...toolCalls: readonly ToolCall[]): ModelReply => ({ text: '', toolCalls });
const text = (words: string): ModelReply => ({ text: words, toolCalls: [] });

/** @returns undefined when onboarding is over, or when nobody spoke */
export function onboarding(request: ModelRequest): ModelReply | undefined {
  const notes = notesIn(request.system);
  const said = spoken(lastUserText(request));
  if (notes === undefined || said === '' || /what can you do/i.test(said)) return undefined;
  const acted = spokenTurns(request).at(-1)?.role === 'tool';
  const noteOf = ({ topic, note }: Step) => `${topic}: ${note(said)}`;
  // Within one run the prompt may be older than the note, or not.
  const taken = acted ? STEPS.findLast((step) => notes.includes(noteOf(step))) : undefined;
  const missing = STEPS.find(({ topic }) => !notes.some((note) => note.startsWith(`${topic}:`)));
  const step = taken ?? missing;
  if (step) {
    return acted ? text(step.say(said)) : act(take(noteOf(step), notes));
  }
  return acted ? text("Done. That's us set up: just write when you need me.") : act(...FINISH);
}
