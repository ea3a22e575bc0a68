/**
 * Progress of a command in stages: a spinner on a terminal, plain lines elsewhere, the time
 * of each stage either way. Writes to standard error alone: standard output is for answers.
 */

import ora from 'ora';
import { coloursFor } from './colours.ts';

export interface Stages {
  /**
   * Runs one stage and prints its outcome.
   * @param key under which its time is kept
   * @param title what a person reads while it runs
   * @param work may call `say` with a line of detail, and returns what the stage yields
   */
  run<T>(
    key: string,
    title: string,
    work: (say: (detail: string) => void) => Promise<T>,
  ): Promise<T>;
  /** Milliseconds by stage, in the order they ran. */
  readonly timings: Readonly<Record<string, number>>;
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
/** Details are cut so that a spinner's line never wraps. */
const DETAIL_MAX = 60;

export function createStages(stream: NodeJS.WriteStream, ticks: () => number): Stages {
  const timings: Record<string, number> = {};
  const colours = coloursFor(stream);
  return {
    timings,
    async run(key, title, work) {
      const startedAt = ticks();
      const spinner = ora({ text: title, stream, discardStdin: false });
      // Without a terminal ora would print the title and then the outcome; one line is enough.
      if (stream.isTTY) spinner.start();
      const say = (detail: string) => {
        spinner.text = `${title}  ${colours.dim(detail.slice(0, DETAIL_MAX))}`;
      };
      const done = (mark: string) => {
        const elapsed = ticks() - startedAt;
        timings[key] = Math.round(elapsed);
        spinner.stop();
        stream.write(`${mark} ${title.padEnd(48)} ${colours.dim(seconds(elapsed).padStart(7))}\n`);
      };
      try {
        const result = await work(say);
        done(colours.green('✔'));
        return result;
      } catch (error) {
        done(colours.red('✖'));
        throw error;
      }
    },
  };
}
