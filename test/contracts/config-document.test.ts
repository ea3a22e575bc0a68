import { configDocument } from '../../contracts/config-document.ts';

const SEED = {
  user: 'allison@nine30.com',
  userPhone: '+15551234567',
  model: 'claude-opus-4-6',
  budget: 50,
  whatsappNumber: '+15559876543',
};

describe('config document', () => {
  test("the seed's five fields alone are valid, and a number of its own means dedicated", () => {
    expect(configDocument.parse(SEED)).toEqual({
      ...SEED,
      version: 1,
      profile: 'assistant',
      timezone: 'UTC',
      whatsapp: { mode: 'dedicated' },
    });
  });

  test('without a number the owner links their own WhatsApp', () => {
    const { whatsappNumber: _, ...rest } = SEED;
    expect(configDocument.parse(rest).whatsapp.mode).toBe('linked');
  });
});
