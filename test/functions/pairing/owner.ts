/** A person with a mail, a phone and, somewhere, another screen. Times in milliseconds. */

import type { PairingView } from '../../../contracts/pairing-page.ts';
import { askForCode, visit } from '../../../functions/service/pairing.ts';
import { FIRST, next } from '../../../templates/plane/pages/pairing.js';
import type { Agent } from './agent.ts';
import { around, between, type VirtualTime } from './virtual-time.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const STEP_MS = 250;
/** As in pairing.js: a code is taken away that is about to die. */
const LAST_MOMENT_MS = 500;

/** A page in a browser, driven by the real script's decisions and the real service. */
function openPage(agent: Agent, time: VirtualTime, random: () => number) {
  let memory = FIRST;
  let open = true;
  let shown: { readonly qr: string; readonly hidesAt: number } | undefined;
  let timer = 0;
  const network = (): Promise<void> => time.sleep(around(random, 90, 0.8));

  async function call(run: () => Promise<{ view: PairingView }>): Promise<PairingView | undefined> {
    await network();
    if (random() < 0.02) return undefined;
    const view = await run().then(
      (answer) => answer.view,
      () => undefined,
    );
    await network();
    return view;
  }

  async function take(view: PairingView | undefined): Promise<void> {
    if (!open) return;
    const move = next(memory, view);
    memory = move.memory;
    if (view?.state === 'code') {
      shown = { qr: view.qr, hidesAt: time.now() + view.leftMs - LAST_MOMENT_MS };
    } else if (view && view.state !== 'same') shown = undefined;
    const mine = ++timer;
    if (move.ask) return ask();
    if (move.lookInMs === undefined) return;
    await time.sleep(move.lookInMs);
    if (open && mine === timer) await look();
  }
  const look = async (): Promise<void> =>
    take(
      await call(() =>
        visit(agent.tools, agent.token, { code: memory.code, asked: memory.request }),
      ),
    );
  const ask = async (): Promise<void> =>
    take(await call(() => askForCode(agent.tools, agent.token)));

  void look();
  return {
    /** What a camera would read now. */
    code: () => (shown && shown.hidesAt > time.now() ? shown.qr : undefined),
    screen: () => memory.screen,
    press: () => void ask(),
    close() {
      open = false;
    },
  };
}

export interface Outcome {
  /** The visit at which it worked; undefined is never. */
  readonly visit: number | undefined;
  readonly attempts: number;
  readonly refused: number;
  /** From opening the page that worked to the link. */
  readonly tookMs: number;
}

/** How long this person must hold the camera on one and the same code. */
const holdOf = (random: () => number): number =>
  random() < 0.2
    ? between(random, 8 * SECOND, 25 * SECOND)
    : between(random, 1 * SECOND, 4 * SECOND);

export async function pairAs(
  agent: Agent,
  time: VirtualTime,
  random: () => number,
): Promise<Outcome> {
  const holdMs = holdOf(random);
  let openedAt = 0;

  /** Waits until the camera has had the same code for long enough; undefined: not on this page. */
  async function aim(
    page: ReturnType<typeof openPage>,
    patience: number,
  ): Promise<string | undefined> {
    let code: string | undefined;
    let since = time.now();
    while (time.now() < patience) {
      await time.sleep(STEP_MS);
      if (['ended', 'paused', 'trouble', 'connected'].includes(page.screen())) return undefined;
      const now = page.code();
      if (now === undefined || now !== code) since = time.now();
      code = now;
      if (code !== undefined && time.now() - since >= holdMs) return code;
    }
    return undefined;
  }

  async function oneVisit(): Promise<boolean> {
    let page = openPage(agent, time, random);
    openedAt = time.now();
    if (random() < 0.25) {
      // The mail was opened on the very phone; the link goes to another screen first.
      await time.sleep(between(random, 20 * SECOND, 4 * MINUTE));
      page.close();
      page = openPage(agent, time, random);
    }
    // Phone in hand, WhatsApp open, the way through its menus.
    await time.sleep(around(random, 20 * SECOND, 0.7));
    const patience = time.now() + 8 * MINUTE;
    while (time.now() < patience) {
      const code = await aim(page, patience);
      if (code !== undefined && (await agent.scan(code))) break;
      if (code === undefined) {
        // Most press the button, some give up for today.
        if (page.screen() === 'paused' || random() < 0.3) break;
        await time.sleep(between(random, 2 * SECOND, 15 * SECOND));
        if (page.screen() === 'ended') page.press();
        await time.sleep(3 * SECOND);
      } else await time.sleep(between(random, 3 * SECOND, 8 * SECOND));
    }
    if (agent.linked()) await time.sleep(10 * SECOND);
    page.close();
    return agent.linked();
  }

  // Mail is read after minutes, or after days.
  await time.sleep(Math.min(around(random, 40 * MINUTE, 1.8), 6 * 24 * 60 * MINUTE));
  for (const visitNumber of [1, 2, 3]) {
    if (await oneVisit()) {
      const { attempts, refused } = agent;
      const tookMs = time.now() - openedAt;
      return { visit: visitNumber, attempts: attempts(), refused: refused(), tookMs };
    }
    await time.sleep(between(random, 20 * MINUTE, 10 * 60 * MINUTE));
  }
  const { attempts, refused } = agent;
  return { visit: undefined, attempts: attempts(), refused: refused(), tookMs: 0 };
}
