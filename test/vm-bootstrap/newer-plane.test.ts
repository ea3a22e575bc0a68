import { configDocument } from '../../contracts/config-document.ts';
import { withoutUnknown } from '../../vm-bootstrap/inputs.ts';

const DOCUMENT = {
  version: 1,
  user: 'allison@nine30.com',
  userPhone: '+15551234567',
  whatsapp: { mode: 'linked' },
};

test.each([
  ['nothing, where all is known', DOCUMENT, []],
  ['a field of tomorrow', { ...DOCUMENT, mood: 'good' }, ['mood']],
  [
    'one within another',
    { ...DOCUMENT, whatsapp: { mode: 'linked', ring: true } },
    ['whatsapp.ring'],
  ],
])('of a newer plane’s document is left out: %s', (_, document, unknown) => {
  const found = withoutUnknown(configDocument, document);
  expect(found).toEqual({ known: DOCUMENT, unknown });
  expect(configDocument.safeParse(found.known).success).toBe(true);
});

test('what is wrong with a known field stays wrong', () => {
  const { known } = withoutUnknown(configDocument, { ...DOCUMENT, userPhone: '0', mood: 'good' });
  expect(configDocument.safeParse(known).success).toBe(false);
});
