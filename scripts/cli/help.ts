/** `help COMMAND...`: commander's own prints all there is, and no word more, when there is no such command. */

import type { Command } from 'commander';

/** Prints what is asked for and ends the process; returns when nobody asks for help. */
export function answerHelp(program: Command, words: readonly string[]): void {
  let at = program;
  let isAsked = false;
  for (const word of words.filter((each) => !each.startsWith('-'))) {
    const next = at.commands.find((each) => each.name() === word);
    if (next) at = next;
    else if (isAsked) at.error(`error: unknown command '${word}'`);
    else if (word === 'help' && at.commands.length > 0) isAsked = true;
    else return;
  }
  if (isAsked) at.help();
}
