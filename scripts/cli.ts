/** `npx agents-plane ...`: the commands are in cli/program.ts. */

import { createProgram } from './cli/program.ts';
import { coloursFor } from './ui/colours.ts';
import { describeFailure } from './ui/failure.ts';

createProgram()
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`${coloursFor(process.stderr).red(describeFailure(error))}\n`);
    process.exitCode = 1;
  });
