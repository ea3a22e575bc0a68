import {
  ANSWER_MS,
  BROKER_MS,
  CHANGE_LOCK_MS,
  GRANT_MS,
  PLANE_MS,
  RELOAD_MS,
  STORED_KEY_MS,
} from '../../vm-bootstrap/core/patience.ts';
import { whenGranted } from '../../vm-bootstrap/google/grant.ts';
import { templates } from '../../vm-bootstrap/templates.ts';

/** What the broker takes for a new secret whose grant never comes, when Google takes a second for each answer. */
async function slowestStore(): Promise<number> {
  let elapsedMs = PLANE_MS;
  const sleep = async (ms: number): Promise<void> => {
    elapsedMs += ms;
  };
  await whenGranted({ sleep }, GRANT_MS, async () => {
    await sleep(1_000);
    return undefined;
  });
  return elapsedMs;
}

test('our plugin does not say that nothing was changed while the broker still stores the key', async () => {
  const provider = 15_000;
  expect(STORED_KEY_MS).toBeGreaterThan(provider + (await slowestStore()));
});

test('systemd ends no broker that still puts a channel back, and `agent` waits for the answer', async () => {
  const unit = templates['units/agents-plane-broker@.service'] ?? '';
  const unitMs = Number(/^RuntimeMaxSec=(\d+)$/m.exec(unit)?.[1]) * 1000;
  expect(unitMs).toBeGreaterThan(CHANGE_LOCK_MS + (await slowestStore()) + 2 * RELOAD_MS);
  expect(unitMs).toBe(BROKER_MS);
  expect(ANSWER_MS).toBeGreaterThan(unitMs);
});
