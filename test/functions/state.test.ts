import type { Observed, OperationState } from '../../functions/core/observed.ts';
import { BOOT_LIMIT_MS, stateOf } from '../../functions/core/state.ts';

const STARTED = '2026-11-20T10:00:00.000Z';
const NOW = Date.parse(STARTED) + 60_000;
const AFTER = '2026-11-20T10:00:30.000Z';
const BEFORE = '2026-11-20T09:59:59.000Z';

const vm = (status: string, guestStatus?: Observed['guestStatus']): Observed => ({
  instance: {
    name: 'agent-allison',
    status,
    labels: {},
    metadata: {},
    metadataFingerprint: 'f',
    startedAt: STARTED,
  },
  guestStatus,
});
const operation = (done: boolean, code?: string): OperationState => ({
  kind: 'insert',
  done,
  errors: code ? [{ code, message: 'Google says' }] : [],
});

describe('state of an agent', () => {
  test.each<[string, Observed, string, RegExp | undefined]>([
    ['nothing yet', {}, 'provisioning', /same request/],
    ['the insert runs', { operation: operation(false) }, 'provisioning', undefined],
    ['the insert is done, the VM gone', { operation: operation(true) }, 'provisioning', /again/],
    [
      'a stockout in the operation',
      { operation: operation(true, 'ZONE_RESOURCE_POOL_EXHAUSTED') },
      'failed',
      /no free capacity.*same request/,
    ],
    ['a quota', { operation: operation(true, 'QUOTA_EXCEEDED') }, 'failed', /quota/],
    ['an unknown code', { operation: operation(true, 'NEW_CODE') }, 'failed', /NEW_CODE/],
    ['PROVISIONING', vm('PROVISIONING'), 'provisioning', undefined],
    ['STAGING', vm('STAGING'), 'provisioning', undefined],
    ['RUNNING, silent', vm('RUNNING'), 'booting', undefined],
    [
      'RUNNING, bootstrapping',
      vm('RUNNING', { state: 'bootstrapping', at: AFTER }),
      'booting',
      undefined,
    ],
    [
      'bootstrapping, and waiting for a grant',
      vm('RUNNING', { state: 'bootstrapping', reason: 'no version yet', at: AFTER }),
      'booting',
      /^no version yet$/,
    ],
    ['RUNNING, starting', vm('RUNNING', { state: 'starting', at: AFTER }), 'booting', undefined],
    ['RUNNING, ready', vm('RUNNING', { state: 'ready', at: AFTER }), 'ready', undefined],
    [
      'ready, and something is amiss',
      vm('RUNNING', { state: 'ready', reason: 'no key fits\u001b', at: AFTER }),
      'ready',
      /^no key fits $/,
    ],
    [
      'ready, but from before this boot',
      vm('RUNNING', { state: 'ready', at: BEFORE }),
      'booting',
      undefined,
    ],
    ['failed', vm('RUNNING', { state: 'failed', reason: 'no key', at: AFTER }), 'failed', /no key/],
    ['failed without a word', vm('RUNNING', { state: 'failed', at: AFTER }), 'failed', /journal/],
    ['TERMINATED', vm('TERMINATED', { state: 'ready', at: AFTER }), 'stopped', undefined],
    ['STOPPING', vm('STOPPING'), 'stopped', undefined],
    ['SUSPENDED', vm('SUSPENDED'), 'stopped', undefined],
    ['REPAIRING', vm('REPAIRING'), 'booting', undefined],
  ])('%s', (_title, observed, state, reason) => {
    const view = stateOf(observed, NOW);
    expect(view.state).toBe(state);
    if (reason) expect(view.reason).toMatch(reason);
    else expect(view.reason).toBeUndefined();
  });

  test('a boot that hangs after its first word is failed too, not booting for ever', () => {
    const hung = vm('RUNNING', { state: 'starting', at: AFTER });
    const lastWord = Date.parse(AFTER);
    expect(stateOf(hung, lastWord + BOOT_LIMIT_MS).state).toBe('booting');
    expect(stateOf(hung, lastWord + BOOT_LIMIT_MS + 1)).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/logs NAME.*restart NAME/),
    });
  });

  test('a VM that has been silent for too long is failed, not booting', () => {
    const late = Date.parse(STARTED) + BOOT_LIMIT_MS;
    expect(stateOf(vm('RUNNING'), late).state).toBe('booting');
    expect(stateOf(vm('RUNNING'), late + 1)).toMatchObject({
      state: 'failed',
      reason: expect.stringMatching(/logs NAME.*restart NAME/),
    });
  });

  test('what a VM says of itself cannot drive the terminal that shows it', () => {
    const reason = 'no\u001b[2J key\r\n\u202efake';
    const view = stateOf(vm('RUNNING', { state: 'failed', reason, at: AFTER }), NOW);
    expect(view.reason).toBe('no [2J key fake');
  });

  test("Google's own words never get out", () => {
    const view = stateOf({ operation: operation(true, 'QUOTA_EXCEEDED') }, NOW);
    expect(JSON.stringify(view)).not.toContain('Google says');
  });
});
