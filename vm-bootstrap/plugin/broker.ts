/** Asks the broker to store a key. Without the schema library: the plugin is loaded at every start. */

import { connect } from 'node:net';
import type { KeyOutcome } from '../core/broker-protocol.ts';

/** Creating a secret and waiting for its grant may take a minute (broker/store-key.ts). */
const ANSWER_WITHIN_MS = 170_000;

/** @returns what became of the key; `not-stored` when the broker did not say. */
export async function storeKey(brokerSocket: string, key: string): Promise<KeyOutcome> {
  // The gateway waits for this plugin before it takes a new key: who waits for that in here
  // holds both up, until OpenClaw loses patience after 5 s (seen, 2026.9.6).
  const request = { command: 'store-key', key, wait: false };
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(brokerSocket);
    const done = (outcome: KeyOutcome): void => {
      socket.destroy();
      resolve(outcome);
    };
    socket.setTimeout(ANSWER_WITHIN_MS, () => done('not-stored'));
    socket.on('error', () => done('not-stored'));
    socket.on('connect', () => socket.write(`${JSON.stringify(request)}\n`));
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('end', () => {
      try {
        done((JSON.parse(text) as { outcome?: KeyOutcome }).outcome ?? 'not-stored');
      } catch {
        done('not-stored');
      }
    });
  });
}
