import { channelStateOf } from '../../vm-bootstrap/core/channel-status.ts';
import { isSameNumber, numberOfId, wrongPhoneOf } from '../../vm-bootstrap/core/same-number.ts';

test.each([
  ['+15551234567', '+15551234567'],
  ['+1 (555) 123-4567', '+15551234567'],
  // The ninth digit of Brazil, which WhatsApp leaves out of older accounts.
  ['+551187654321', '+5511987654321'],
  ['+5215512345678', '+525512345678'],
  ['+5491112345678', '+541112345678'],
])('%s is %s', (a, b) => {
  expect(isSameNumber(a, b)).toBe(true);
  expect(isSameNumber(b, a)).toBe(true);
});

test.each([
  ['+15551234567', '+15551234568'],
  ['+15551234567', '+5551234567'],
  ['+5511987654321', '+5511987654322'],
  ['+551187654321', '+5521987654321'],
  ['+5215512345678', '+5215512345679'],
  // Nine digits of another country are no Brazilian mobile.
  ['+43987654321', '+4387654321'],
  ['', '+15551234567'],
  [undefined, '+15551234567'],
])('%s is not %s', (a, b) => {
  expect(isSameNumber(a, b)).toBe(false);
});

test('an id tells its number, or does not', () => {
  expect(numberOfId('15551234567:12@s.whatsapp.net')).toBe('+15551234567');
  expect(numberOfId('15551234567@s.whatsapp.net')).toBe('+15551234567');
  expect(numberOfId('15551234567@lid')).toBeUndefined();
  expect(numberOfId('15551234567:1@s.whatsapp.net.example')).toBeUndefined();
  expect(numberOfId(undefined)).toBeUndefined();
});

test('two digits each are all that is said', () => {
  expect(wrongPhoneOf('+15550000089', '+15551234567')).toEqual({ scanned: '89', expected: '67' });
  expect(wrongPhoneOf(undefined, '+15551234567')).toEqual({ expected: '67' });
});

describe('the gateway’s account', () => {
  const account = { linked: true, connected: true, healthState: 'healthy' };
  const state = (self: object) => channelStateOf({ ...account, self }, '+15551234567');

  test('is ours, or foreign; whose phone is not known is foreign, too', () => {
    expect(state({ e164: '+15551234567' })).toMatchObject({ link: 'linked', connected: true });
    expect(state({ jid: '15551234567:1@s.whatsapp.net' })).toMatchObject({ link: 'linked' });
    expect(state({ e164: '+15550000089' })).toMatchObject({ link: 'foreign', connected: false });
    expect(state({ jid: '222@lid' })).toEqual({ link: 'foreign', connected: false });
  });

  test('without an account is a login that nobody scanned', () => {
    expect(state({})).toEqual({ link: 'unlinked', connected: false });
  });
});
