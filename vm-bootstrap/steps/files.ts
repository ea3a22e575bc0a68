/** The files of `core/files.ts`, each written only when it is not as it should be. */

import { basename, dirname } from 'node:path';
import { type FileSpec, machineFiles } from '../core/files.ts';
import { GATEWAY_USER } from '../core/layout.ts';
import { mergeText } from '../core/merge-text.ts';
import type { Files } from '../files.ts';
import type { Context, Step } from './step.ts';

/** Where the last rendering of a text that the agent may edit is remembered. */
const memoryOf = (context: Context, file: FileSpec): string =>
  `${context.layout.renderedTexts}/${basename(file.path)}`;

/** The door to a file: its owner's. */
const ofOwner = ({ host }: Context, file: FileSpec): Files =>
  file.owner === GATEWAY_USER ? host.as(GATEWAY_USER) : host;

/** The content a file should have now; undefined when it should not be there. */
function wanted(context: Context, file: FileSpec): string | undefined {
  const { host, layout } = context;
  if (file.keep === 'ours') return file.content;
  const current = ofOwner(context, file).read(file.path);
  if (file.keep === 'once' && current === undefined && host.exists(layout.onboardingMark)) {
    return undefined;
  }
  return mergeText(host.read(memoryOf(context, file)), file.content, current);
}

function isInPlace(context: Context, file: FileSpec): boolean {
  const { host } = context;
  const own = ofOwner(context, file);
  const content = wanted(context, file);
  if (content === undefined) return true;
  const remembered = file.keep === 'ours' || host.read(memoryOf(context, file)) === file.content;
  return remembered && own.read(file.path) === content && own.stat(file.path)?.mode === file.mode;
}

function put(context: Context, file: FileSpec): void {
  const { host, layout } = context;
  const content = wanted(context, file);
  if (content === undefined) return;
  const own = ofOwner(context, file);
  if (file.owner === GATEWAY_USER && !own.exists(dirname(file.path))) {
    // skills/agents-plane/: both levels belong to the agent.
    own.makeDirectory(dirname(dirname(file.path)), { mode: 0o700 });
    own.makeDirectory(dirname(file.path), { mode: 0o700 });
  }
  // For everybody to read means the directory too, whatever the umask.
  if (file.owner === 'root' && !host.exists(dirname(file.path))) {
    host.makeDirectory(dirname(file.path), { mode: 0o755 });
  }
  own.write(file.path, content, { mode: file.mode });
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
