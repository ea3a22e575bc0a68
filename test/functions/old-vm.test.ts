import { refuseForOldVm } from '../../functions/core/old-vm.ts';

const NOW = 'f'.repeat(64);
const runs = (bundleSha256?: string) => ({
  guestStatus: {
    ...{ state: 'ready' as const, at: '2026-11-29T12:00:00Z' },
    ...(bundleSha256 && { bundleSha256 }),
  },
});
const linked = { whatsapp: { mode: 'linked' as const } };
const asks = { whatsapp: { mode: 'linked' as const, askPhone: 2 } };

test.each([
  ['a VM that runs the newest', asks, linked, runs(NOW)],
  ['a VM that did not say what it runs', asks, linked, runs()],
  ['an agent without a VM', asks, undefined, {}],
  ['an older VM, asked for nothing new', linked, linked, runs('0')],
  ['an older VM that has it already', asks, asks, runs('0')],
])('%s is told', (_, wanted, before, observed) => {
  expect(() => refuseForOldVm(wanted, before, observed, NOW)).not.toThrow();
});

test('an older VM is not told what it cannot read', () => {
  expect(() => refuseForOldVm(asks, linked, runs('0'), NOW)).toThrow('cannot do this yet');
});
