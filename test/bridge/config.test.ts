import { loadConfig } from '../../bridge/config/load.ts';
import { nearest } from '../../bridge/config/nearest.ts';
import type { PlaneError } from '../../contracts/plane-error.ts';

const failure = (toml: string, env = {}): PlaneError => {
  try {
    loadConfig(toml, env);
  } catch (error) {
    return error as PlaneError;
  }
  throw new Error('it was accepted');
};

/** The reference of seeds/004, whole. */
const SEED = `
[kapso]
api_key = "k"
phone_number_id = "1"
[delivery]
mode = "polling"
poll_interval = 30
poll_fallback = false
[webhook]
addr = ":18790"
verify_token = ""
secret = ""
[gateway]
url = "ws://127.0.0.1:18789"
token = ""
session_key = "main"
sessions_json = "~/.openclaw/agents/main/sessions/sessions.json"
[state]
dir = "~/.config/kapso-whatsapp"
[security]
mode = "allowlist"
deny_message = "Sorry, you are not authorized to use this service."
rate_limit = 10
rate_window = 60
session_isolation = true
default_role = "member"
[security.roles]
admin = ["+1234567890"]
member = ["+0987654321", "+1122334455"]
`;

test('a config file of openclaw-kapso-whatsapp is accepted as it is', () => {
  expect(loadConfig(SEED, {})).toMatchObject({
    kapso: { api_key: 'k', phone_number_id: '1' },
    security: { roles: { admin: ['+1234567890'] } },
  });
});

test('two environment variables are enough; the environment wins over the file', () => {
  const env = { KAPSO_API_KEY: 'from-env', KAPSO_PHONE_NUMBER_ID: '2' };
  expect(loadConfig(undefined, env)).toMatchObject({
    kapso: { api_key: 'from-env', phone_number_id: '2' },
    delivery: { mode: 'polling', poll_interval: 30 },
    security: { mode: 'allowlist', session_isolation: true },
  });
  expect(loadConfig(SEED, env).kapso.api_key).toBe('from-env');
  expect(loadConfig(SEED, { KAPSO_API_KEY: '' }).kapso.api_key).toBe('k');
});

test('the environment is text, the settings are not', () => {
  const env = {
    KAPSO_POLL_INTERVAL: '7',
    KAPSO_SESSION_ISOLATION: 'false',
    KAPSO_ALLOWED_NUMBERS: '+1 555 0001111, +15550002222',
    GATEWAY_SCOPES: 'operator.read, operator.write',
  };
  expect(loadConfig(undefined, env)).toMatchObject({
    delivery: { poll_interval: 7 },
    security: { session_isolation: false, allowed_numbers: ['+1 555 0001111', '+15550002222'] },
    gateway: { scopes: ['operator.read', 'operator.write'] },
  });
});

test.each([
  ['[delivery]\npol_interval = 5', 'delivery.pol_interval', 'Did you mean delivery.poll_interval?'],
  ['[kapso]\napiKey = "k"', 'kapso.apiKey', 'Did you mean kapso.api_key?'],
  ['[securty]\nmode = "open"', 'securty', 'Did you mean security?'],
  ['[state]\nzzzzzz = 1', 'state.zzzzzz', 'Known here: dir.'],
  [
    '[commands.definitions.x]\ntype = "exec"\nexec = ["ls"]\nshell = "ls"',
    'commands.definitions.x.shell',
    'Known here: type, description, exec, prompt, ack, roles.',
  ],
])('an unknown setting is refused, with what was meant: %s', (toml, field, fix) => {
  expect(failure(toml)).toMatchObject({ code: 'INVALID_ARGUMENT', details: [{ field, fix }] });
});

test.each([
  ['exec', 'commands.definitions.x.exec'],
  ['agent', 'commands.definitions.x.prompt'],
])('a command of type %s says what it does', (type, field) => {
  const { details } = failure(`[commands.definitions.x]\ntype = "${type}"`);
  expect(details).toMatchObject([{ field }]);
});

test('every wrong setting is named, with its variable, and no secret is repeated', () => {
  const error = failure(
    '[kapso]\napi_key = 12345678\n[delivery]\npoll_interval = 2\nmode = "push"',
  );
  expect(error.details.map(({ field }) => field)).toEqual([
    'kapso.api_key',
    'delivery.mode',
    'delivery.poll_interval',
  ]);
  expect(error.message).toContain('KAPSO_POLL_INTERVAL');
  expect(error.message).not.toContain('12345678');
});

test('a file that is no TOML is refused with the place, and without its text', () => {
  const error = failure('[kapso]\napi_key = sk-secret-1');
  expect(error.message).toMatch(/config\.toml, line 2, column \d+/);
  expect(error.message).not.toContain('sk-secret');
});

test('nearest: typing errors, not anything', () => {
  expect(nearest('adrr', ['addr', 'secret'])).toBe('addr');
  expect(nearest('completely-other', ['addr', 'secret'])).toBeUndefined();
});
