/** `./scripts/agents-plane ...`: the commands are in cli/program.ts. */

import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { asksForJson, failureAsJson } from './cli/failure.ts';
import { cacheDir } from './cli/paths.ts';
import { coloursFor } from './ui/colours.ts';
import { describeFailure } from './ui/failure.ts';

// Taking the types off our own files is half of what a command costs: it is done once. In a folder that is the
// user's, not Node's own choice below /tmp: what lies there is run. Where it cannot be written, nothing is kept.
enableCompileCache(join(cacheDir(process.env), 'compiled'));

const words = process.argv.slice(2);
const json = asksForJson(words);
const described = (error: unknown): string =>
  json ? failureAsJson(error) : coloursFor(process.stderr).red(describeFailure(error));

Promise.all([import('./cli/program.ts'), import('./cli/help.ts')])
  .then(([{ createProgram }, { answerHelp }]) => {
    const program = createProgram(json);
    answerHelp(program, words);
    return program.parseAsync();
  })
  .catch((error: unknown) => {
    process.stderr.write(`${described(error)}\n`);
    process.exitCode = 1;
  });
