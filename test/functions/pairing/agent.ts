/**
 * One agent's world, simulated around the real parts: the VM's pairing reducer, WhatsApp's
 * rhythm (60 s, then 20 s each, 180 s in all), Google's delays and its limit on guest
 * attributes, and the plane's own service of the page.
 */

import { PlaneError } from '../../../contracts/errors.ts';
import { METADATA_PAIRING_REQUEST, type Pairing } from '../../../contracts/pairing.ts';
import { ANNOTATION_CHANNEL, ANNOTATION_LINK } from '../../../functions/core/observed.ts';
import { signLink } from '../../../functions/core/pairing-link.ts';
import { sharedGuest } from '../../../functions/service/guest-memory.ts';
import type { PageTools } from '../../../functions/service/pairing.ts';
import type { Machines, Secrets } from '../../../functions/service/ports.ts';
import {
  FRESH_MEMORY,
  type PairingEvent,
  reducePairing,
  resumePairing,
} from '../../../vm-bootstrap/core/pairing.ts';
import { nextTick, pairingView } from '../../../vm-bootstrap/core/pairing-view.ts';
import { ALLISON } from '../fixtures.ts';
import { between, type VirtualTime } from './virtual-time.ts';

const KEY = 'k'.repeat(43);
const GENERATION = 'g1';
const LABELS = { 'managed-by': 'agents-plane', 'agents-plane-agent': ALLISON };
/** Google's limit on one VM's guest attributes, reads and writes together. */
const ATTRIBUTE_CALLS_A_MINUTE = 10;
/** Milliseconds: what WhatsApp and the gateway's plugin do (FACTS.md). */
const FIRST_CODE_MS = 60_000;
const LATER_CODE_MS = 20_000;
const LOGIN_MS = 180_000;
/** As `agent pair` does. */
const PUBLISH_AGAIN_MS = 2000;

export interface Agent {
  readonly tools: PageTools;
  readonly token: string;
  /** A phone has read this code. Tells whether WhatsApp took it. */
  scan(qr: string): Promise<boolean>;
  readonly linked: () => boolean;
  /** Logins that showed a code. */
  readonly attempts: () => number;
  /** Calls on guest attributes that were above Google's limit. */
  readonly refused: () => number;
}

const picture = (login: number, code: number): string =>
  `data:image/png;base64,${Buffer.from(`${login}-${code}`).toString('base64').replace(/=/g, '')}`;

export function createAgent(time: VirtualTime, random: () => number): Agent {
  const { now, sleep } = time;
  const clock = { now, sleep };
  const skewMs = between(random, -300, 300);
  const vmNow = (): number => now() + skewMs;
  let metadata: Record<string, string> = {};
  let fingerprint = 0;
  let attribute: Pairing | undefined;
  let annotations: Record<string, string> = { [ANNOTATION_LINK]: GENERATION };
  let { machine } = resumePairing(FRESH_MEMORY, vmNow());
  let logins = 0;
  let attempts = 0;
  /** What WhatsApp would accept at this moment. */
  let valid: string | undefined;
  let linked = false;
  const calls: number[] = [];
  let refused = 0;

  function countCall(): void {
    const lastMinute = calls.filter((at) => at > now() - 60_000).length;
    if (lastMinute >= ATTRIBUTE_CALLS_A_MINUTE) {
      refused += 1;
      throw new PlaneError('RESOURCE_EXHAUSTED', 'Too many questions about this VM.');
    }
    calls.push(now());
  }

  let published = '';
  let publishing = false;
  /** One at a time, the newest state last. */
  async function publish(): Promise<void> {
    if (publishing) return;
    publishing = true;
    for (;;) {
      const view = pairingView(machine, vmNow());
      const text = JSON.stringify(view);
      if (text === published) break;
      await sleep(between(random, 50, 700));
      try {
        countCall();
        attribute = { ...view, at: new Date(vmNow()).toISOString() };
        published = text;
      } catch {
        await sleep(PUBLISH_AGAIN_MS);
      }
    }
    publishing = false;
  }

  function put(event: PairingEvent): void {
    const reduced = reducePairing(machine, event, vmNow());
    machine = reduced.machine;
    for (const effect of reduced.effects) if (effect.type === 'login') void login();
    void publish();
    const due = nextTick(machine, vmNow());
    if (due !== undefined) void sleep(due - vmNow() + 1).then(() => put({ type: 'tick' }));
  }

  async function login(): Promise<void> {
    logins += 1;
    const mine = logins;
    const startedAt = now();
    await sleep(between(random, 1200, 5000));
    attempts += 1;
    for (let code = 0; now() < startedAt + LOGIN_MS && !linked; code += 1) {
      const qr = picture(mine, code);
      valid = qr;
      // The plugin tells us of a code a little after WhatsApp has made it the one that counts.
      void sleep(between(random, 50, 400)).then(() => mine === logins && put({ type: 'code', qr }));
      await sleep(code === 0 ? FIRST_CODE_MS : LATER_CODE_MS);
    }
    if (mine === logins && !linked) {
      valid = undefined;
      put({ type: 'ended' });
    }
  }

  async function scan(qr: string): Promise<boolean> {
    await sleep(between(random, 300, 1200));
    if (linked || qr !== valid) return false;
    linked = true;
    await sleep(between(random, 800, 3000));
    put({ type: 'connected' });
    await sleep(between(random, 200, 1500));
    const at = new Date(vmNow()).toISOString();
    annotations = { [ANNOTATION_CHANNEL]: `linked ${at}`, [ANNOTATION_LINK]: 'g2' };
    return true;
  }

  const latency = (): Promise<void> => sleep(between(random, 30, 250));
  const secrets: Pick<Secrets, 'get'> = {
    get: () => latency().then(() => ({ labels: LABELS, annotations, etag: 'e' })),
  };
  const machines: Pick<Machines, 'instance' | 'guest' | 'setMetadata'> = {
    async instance() {
      await latency();
      return {
        name: 'agent-allison',
        status: 'RUNNING',
        labels: LABELS,
        metadata,
        metadataFingerprint: String(fingerprint),
        startedAt: new Date(0).toISOString(),
      };
    },
    async guest() {
      await latency();
      countCall();
      return { pairing: attribute };
    },
    async setMetadata(_name, changed, given) {
      await latency();
      if (given !== String(fingerprint)) throw new PlaneError('ABORTED', 'Somebody was faster.');
      fingerprint += 1;
      // The operation takes its time; until it is done, the old metadata are what there is.
      void sleep(between(random, 300, 5000)).then(() => {
        metadata = { ...changed };
      });
      const id = changed[METADATA_PAIRING_REQUEST] ?? '';
      void sleep(between(random, 600, 6000)).then(() => put({ type: 'request', id }));
      return `operation-${fingerprint}`;
    },
  };
  put({ type: 'link', link: 'unlinked' });

  const partial: Partial<Machines> = machines;
  const port = { ...partial, zone: 'europe-west1-b', at: (): Machines => port } as Machines;
  const cell = { secrets: secrets as Secrets, machines: sharedGuest(port, port, clock) };
  let ids = 0;
  const exp = Math.floor(now() / 1000) + 7 * 24 * 3600;
  return {
    tools: {
      of: async () => cell,
      clock,
      linkKey: async () => KEY,
      newId: () => `id${++ids}`,
    },
    token: signLink(KEY, { agent: ALLISON, generation: GENERATION, exp }),
    scan,
    linked: () => linked,
    attempts: () => attempts,
    refused: () => refused,
  };
}
