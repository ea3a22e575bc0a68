/** A step of bootstrap: `check` tells whether the machine is as it should be, `apply` makes it so. */

import type { AddedChannel } from '../../contracts/channels.ts';
import type { Templates } from '../core/files.ts';
import type { Layout } from '../core/layout.ts';
import type { Host } from '../host.ts';
import type { Inputs } from '../inputs.ts';

/** Before the config document is known: the machine itself. */
export interface Machine {
  readonly host: Host;
  readonly layout: Layout;
  readonly templates: Templates;
}

export interface Context extends Machine, Inputs {
  /** Channels whose plugin the running gateway loads before it is told of the channel (reload-channels). */
  readonly ahead?: readonly AddedChannel[];
}

export interface Step<C> {
  readonly name: string;
  /** True when nothing is to do. Changes nothing. */
  check(context: C): Promise<boolean> | boolean;
  apply(context: C): Promise<void> | void;
}

/** Runs steps in order and returns the names of those that had something to do. */
export async function converge<C extends Machine>(
  steps: readonly Step<C>[],
  context: C,
): Promise<string[]> {
  const applied: string[] = [];
  for (const step of steps) {
    if (await step.check(context)) continue;
    const startedAt = context.host.now().getTime();
    await step.apply(context);
    context.host.log(`agent: ${step.name} (${context.host.now().getTime() - startedAt} ms)`);
    applied.push(step.name);
  }
  return applied;
}
