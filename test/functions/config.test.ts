import type { PlaneError } from '../../contracts/errors.ts';
import { parseConfig } from '../../functions/config.ts';
import { ENVIRONMENT } from './fixtures.ts';

const failure = (env: Record<string, string | undefined>): PlaneError => {
  try {
    parseConfig(env);
  } catch (error) {
    return error as PlaneError;
  }
  throw new Error('was accepted');
};

describe('the environment', () => {
  test('what has a default may be left out', () => {
    expect(parseConfig(ENVIRONMENT)).toMatchObject({
      domains: ['nine30.com'],
      machineType: 'e2-medium',
      model: 'anthropic/claude-sonnet-4-6',
      budgetMax: 500,
      googleEndpoint: '',
      vmEndpoints: {},
    });
  });

  test('an empty environment names every variable that must be set, and only those', () => {
    const fields = failure({}).details.map((detail) => detail.field);
    const required = Object.keys(ENVIRONMENT).filter(
      (name) => !/ADMINS|VIEWERS|DIRECTORY_AS|SCHEDULER|PHONE_REGION/.test(name),
    );
    expect(fields.sort()).toEqual(required.sort());
  });

  test('lists are trimmed, lower-cased, and may be empty where nobody is fine', () => {
    const config = parseConfig({
      ...ENVIRONMENT,
      AGENTS_PLANE_DOMAINS: ' Nine30.com, example.org ,',
      AGENTS_PLANE_VIEWERS: '',
    });
    expect(config.domains).toEqual(['nine30.com', 'example.org']);
    expect(config.viewers).toEqual([]);
  });

  test.each([
    ['AGENTS_PLANE_PROJECT', 'Nine30'],
    ['AGENTS_PLANE_ZONE', 'europe-west1'],
    ['AGENTS_PLANE_DOMAINS', ','],
    ['AGENTS_PLANE_DOMAINS', 'nine30'],
    ['AGENTS_PLANE_ADMINS', 'admin'],
    ['AGENTS_PLANE_AUDIENCE', 'api'],
    ['AGENTS_PLANE_VM_URL', ' '],
    ['AGENTS_PLANE_MAIL_FROM', 'a@b.c\r\nBcc: x@y.z'],
    ['AGENTS_PLANE_BUNDLE', 'https://bucket/object'],
    ['AGENTS_PLANE_BUNDLE_SHA256', 'A'.repeat(64)],
    ['AGENTS_PLANE_BUDGET_MAX', 'lots'],
    ['AGENTS_PLANE_BUDGET_MAX', '0'],
    ['AGENTS_PLANE_BUDGET_MAX', 'NaN'],
    ['AGENTS_PLANE_MODEL', 'llama/llama-4'],
    ['AGENTS_PLANE_GOOGLE_ENDPOINT', 'ftp://127.0.0.1'],
    ['AGENTS_PLANE_VM_ENDPOINTS', '{'],
    ['AGENTS_PLANE_VM_ENDPOINTS', '{"nowhere":"http://x"}'],
    ['AGENTS_PLANE_CELLS', 'nine30-local'],
    ['AGENTS_PLANE_CELLS', 'nine30-local=0'],
    ['AGENTS_PLANE_CELLS', 'Nine30=10'],
    ['AGENTS_PLANE_CELLS', 'nine30-two=1400,nine30-local=1400'],
    ['AGENTS_PLANE_CELLS', 'nine30-local=10,nine30-two=10,nine30-two=20'],
  ])('%s=%j is refused by name, without repeating the value', (variable, value) => {
    const error = failure({ ...ENVIRONMENT, [variable]: value });
    expect(error.code).toBe('FAILED_PRECONDITION');
    expect(error.details.map((detail) => detail.field)).toEqual([variable]);
    expect(error.message).toContain(variable);
  });
});
