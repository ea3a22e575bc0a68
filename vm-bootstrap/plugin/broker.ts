/** Asks the broker to store a key, or to put tokens away. Without the schema library: the plugin is loaded at every start. */

import { connect } from 'node:net';
import type { KeyOutcome } from '../core/broker-protocol.ts';
import { STORED_KEY_MS } from '../core/patience.ts';

interface Answer {
  readonly ok?: boolean;
  readonly outcome?: KeyOutcome;
}

/** @returns an empty answer when the broker did not say. */
async function ask(brokerSocket: string, request: object): Promise<Answer> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(brokerSocket);
    const done = (answer: Answer): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(STORED_KEY_MS, () => done({}));
    socket.on('error', () => done({}));
    socket.on('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('end', () => {
      try {
        done(JSON.parse(text) as Answer);
      } catch {
        done({});
      }
    });
  });
}

/** @returns what became of the key; `not-stored` when the broker did not say. */
export async function storeKey(brokerSocket: string, key: string): Promise<KeyOutcome> {
  // The gateway waits for this plugin before it takes a new key: who waits for that in here
  // holds both up, until OpenClaw loses patience after 5 s (seen, 2026.9.6).
  const { outcome } = await ask(brokerSocket, { command: 'store-key', key, wait: false });
  return outcome ?? 'not-stored';
}

/** @returns whether the broker has them. */
export async function holdTokens(brokerSocket: string, tokens: readonly string[]) {
  const { ok } = await ask(brokerSocket, { command: 'hold-tokens', tokens });
  return ok === true;
}
