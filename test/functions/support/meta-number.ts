/** An agent whose number is Meta's, and that number's credentials. */

export const REQUEST = {
  user: 'allison@nine30.com',
  userPhone: '+15551234567',
  whatsappNumber: '+15559876543',
  whatsapp: { mode: 'cloud-api' },
} as const;
export const NUMBER = {
  mode: 'cloud-api',
  phoneNumberId: '106540352242922',
  accessToken: 'EAALocalToken',
  appSecret: 'app-secret-1f9c',
  verifyToken: 'verify-me',
} as const;
