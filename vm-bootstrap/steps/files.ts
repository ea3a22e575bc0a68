/** The files of `core/files.ts`, each written only when it is not as it should be. */

import { basename, dirname } from 'node:path';
import { type FileSpec, machineFiles } from '../core/files.ts';
import { GATEWAY_USER } from '../core/layout.ts';
import { mergeText } from '../core/merge-text.ts';
import type { Context, Step } from './step.ts';

/** Where the last rendering of a text that the agent may edit is remembered. */
const memoryOf = (context: Context, file: FileSpec): string =>
  `${context.layout.renderedTexts}/${basename(file.path)}`;

/** The content a file should have now; undefined when it should not be there. */
function wanted(context: Context, file: FileSpec): string | undefined {
  const { host, layout } = context;
  if (file.keep === 'ours') return file.content;
  const current = host.read(file.path);
  if (file.keep === 'once' && current === undefined && host.exists(layout.onboardingMark)) {
    return undefined;
  }
  return mergeText(host.read(memoryOf(context, file)), file.content, current);
}

function isInPlace(context: Context, file: FileSpec): boolean {
  const { host } = context;
  const content = wanted(context, file);
  if (content === undefined) return true;
  const remembered = file.keep === 'ours' || host.read(memoryOf(context, file)) === file.content;
  return remembered && host.read(file.path) === content && host.stat(file.path)?.mode === file.mode;
}

function put(context: Context, file: FileSpec): void {
  const { host, layout } = context;
  const content = wanted(context, file);
  if (content === undefined) return;
  const owner = file.owner;
  if (owner === GATEWAY_USER && !host.exists(dirname(file.path))) {
    // skills/agents-plane/: both levels belong to the agent.
    host.makeDirectory(dirname(dirname(file.path)), { mode: 0o700, owner });
    host.makeDirectory(dirname(file.path), { mode: 0o700, owner });
  }
  host.write(file.path, content, { mode: file.mode, owner });
  if (file.keep !== 'ours') host.write(memoryOf(context, file), file.content, { mode: 0o600 });
  if (file.keep === 'once') host.write(layout.onboardingMark, '', { mode: 0o600 });
}

const listed = (context: Context): FileSpec[] => machineFiles(context);

export const files: Step<Context> = {
  name: 'files',
  check: (context) => listed(context).every((file) => isInPlace(context, file)),
  apply(context) {
    for (const file of listed(context)) {
      if (!isInPlace(context, file)) put(context, file);
    }
  },
};
