/** One boot, timed: from the start of the instance until its gateway says that it has started. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Machine } from '../../../local/machine.ts';
import { LOCAL } from '../../../local/plane/settings.ts';
import { MINUTE, openStage, type Stage, until } from '../../e2e/support/stage.ts';
import { prototypeInstance } from './prototype.ts';

export interface Boot {
  /** Seconds by the clock. */
  readonly wall: number;
  /** Seconds of processor that the machine took by then: says more on a machine that others use, too. */
  readonly cpu: number;
}

const WITHIN_MS = 30 * MINUTE;
const POLL_MS = 100;
/** Answers 200 once the gateway has started, whatever its channels do. */
const STARTED = ['curl', '--silent', '--fail', 'http://127.0.0.1:18789/startupz'];
/** USER_HZ, what /proc counts processor time in. */
const TICKS_PER_SECOND = 100;
/** Of every process, and of the children that it waited for: proc(5), fields 14 to 17 of `stat`. */
const CPU = `cat /proc/[0-9]*/stat 2>/dev/null | sed 's/.*) //' | awk '{ ticks += $12 + $13 + $14 + $15 } END { print ticks }'`;

async function cpuSeconds(machine: Machine): Promise<number> {
  const { stdout } = await machine.exec(['sh', '-c', CPU]);
  return Number(stdout) / TICKS_PER_SECOND;
}

async function timed(stage: Stage, name: string): Promise<Boot> {
  const record = await until(`instance ${name}`, () =>
    stage.plane.google.compute.instances.byName(name),
  );
  const since = Date.parse(record.resource.creationTimestamp);
  const machine = await until(`machine ${name}`, () => record.machine);
  while ((await machine.exec(STARTED)).code !== 0) {
    if (Date.now() - since > WITHIN_MS) {
      throw new Error(`${name} has no gateway:\n${record.console.read(0).contents.slice(-3000)}`);
    }
    await sleep(POLL_MS);
  }
  return { wall: (Date.now() - since) / 1000, cpu: await cpuSeconds(machine) };
}

/** An agent's first boot: the image, the startup script, bootstrap. */
export async function bootOurs(image?: string): Promise<Boot> {
  const stage = await openStage({
    kind: 'nspawn',
    sharedKey: 'sk-ant-local-bench',
    ...(image && { image }),
  });
  try {
    await stage.api('POST', '/v1/agents', {
      user: 'allison@nine30.com',
      userPhone: '+15551234567',
    });
    return await timed(stage, 'agent-allison');
  } finally {
    await stage.close();
  }
}

/** The prototype's way, from plain debian-12. */
export async function bootPrototype(image: string): Promise<Boot> {
  const stage = await openStage({ kind: 'nspawn', sharedKey: undefined, image });
  try {
    const path = `/compute/v1/projects/${LOCAL.project.id}/zones/${LOCAL.zone}/instances`;
    const { status, body } = await stage.google('POST', path, await prototypeInstance('prototype'));
    if (status !== 200) throw new Error(`instances.insert: ${status} ${JSON.stringify(body)}`);
    return await timed(stage, 'prototype');
  } finally {
    await stage.close();
  }
}
