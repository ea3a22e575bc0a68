/** `./scripts/agents-plane ...`: the commands are in cli/program.ts. */

import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { cacheDir } from './cli/paths.ts';
import { coloursFor } from './ui/colours.ts';
import { describeFailure } from './ui/failure.ts';

// Taking the types off our own files is half of what a command costs: it is done once. In a folder that is the
// user's, not Node's own choice below /tmp: what lies there is run. Where it cannot be written, nothing is kept.
enableCompileCache(join(cacheDir(process.env), 'compiled'));

import('./cli/program.ts')
  .then(({ createProgram }) => createProgram().parseAsync())
  .catch((error: unknown) => {
    process.stderr.write(`${coloursFor(process.stderr).red(describeFailure(error))}\n`);
    process.exitCode = 1;
  });
