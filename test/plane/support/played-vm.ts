/**
 * A VM that a test plays, over the emulated metadata server: it sees what the plane asks for,
 * publishes what `agent pair` would, and calls the plane with its own identity.
 */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  GUEST_KEY_PAIRING,
  METADATA_PAIRING_REQUEST,
  type Pairing,
} from '../../../contracts/pairing.ts';
import { inBothHeaders } from '../../../local/google/cloud-run.ts';
import { instanceMetadata } from '../../../local/google/metadata.ts';
import type { Plane } from '../../../local/plane/plane.ts';
import { LOCAL } from '../../../local/plane/settings.ts';

const ROOT = '/computeMetadata/v1/instance';
const HEADERS = { 'metadata-flavor': 'Google' };

export interface PlayedVm {
  /** Publishes over what was published before. */
  say(pairing: Partial<Pairing>): Promise<void>;
  /** The newest request, when there is one other than `known`. Waits for it. */
  request(known?: string): Promise<string>;
  /** The request as it stands. */
  requested(): Promise<string | undefined>;
  /** POST to function `vm`. @returns the status */
  tellPlane(path: string, body: object): Promise<number>;
  close(): Promise<void>;
}

export async function playVm(plane: Plane, agent: string): Promise<PlayedVm> {
  const { tokens, accounts } = plane.google.world;
  const record = plane.google.compute.instances.byName(`agent-${agent}`);
  if (!record) throw new Error(`agent-${agent} is not there`);
  const server = createServer(
    instanceMetadata({ tokens, accounts, project: LOCAL.project }, () => record),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const attribute = `${origin}${ROOT}/attributes/${METADATA_PAIRING_REQUEST}`;
  const read = async (query = ''): Promise<string | undefined> => {
    const answer = await fetch(`${attribute}${query}`, { headers: HEADERS });
    const text = await answer.text();
    return answer.ok ? text : undefined;
  };
  return {
    async say(pairing) {
      const value = { failures: 0, at: new Date().toISOString(), ...pairing };
      const url = `${origin}${ROOT}/guest-attributes/agents-plane/${GUEST_KEY_PAIRING}`;
      const answer = await fetch(url, {
        method: 'PUT',
        headers: HEADERS,
        body: JSON.stringify(value),
      });
      if (!answer.ok) throw new Error(`guest attributes answered ${answer.status}`);
    },
    async request(known) {
      for (;;) {
        const found = await read('?wait_for_change=true&timeout_sec=1');
        if (found !== undefined && found !== known) return found;
        if (found === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    requested: () => read(),
    async tellPlane(path, body) {
      const query = `audience=${encodeURIComponent(plane.vmUrl)}&format=full`;
      const identity = `${origin}${ROOT}/service-accounts/default/identity?${query}`;
      const token = await (await fetch(identity, { headers: HEADERS })).text();
      const answer = await fetch(`${plane.vmUrl}${path}`, {
        method: 'POST',
        headers: { ...inBothHeaders(token), 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      await answer.body?.cancel();
      return answer.status;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
