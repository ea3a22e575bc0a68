/** The filters of infra/'s alerts, by values that Google's metrics are seen to have. */

import { planInfra } from '../../local/plane/infra.ts';

const alert = planInfra().resources.find(({ address }) => address.endsWith('.dead_letters'));
// In the plan a block is a list, and its filter one text.
const filter = /"filter":"((?:[^"\\]|\\.)*)"/.exec(JSON.stringify(alert?.values))?.[1] ?? '';
const TERM =
  /metric\.labels\.response_code (=|!=) (?:"([^"]*)"|monitoring\.regex\.full_match\("([^"]*)"\))/;

/** Whether a response code is among what is counted, as https://cloud.google.com/monitoring/api/v3/filters has it. */
function counts(code: string): boolean {
  const text: string = JSON.parse(`"${filter}"`);
  const [, operator, exact, pattern = ''] = TERM.exec(text) ?? [];
  if (operator === undefined) throw new Error(`the alert asks for no response code: ${text}`);
  // RE2 and JavaScript say "whatever the case" differently.
  const isRegex = exact === undefined;
  const flags = pattern.startsWith('(?i)') ? 'i' : '';
  const regex = new RegExp(`^(?:${pattern.replace(/^\(\?i\)/, '')})$`, flags);
  const equal = isRegex ? regex.test(code) : code === exact;
  return equal === (operator === '=');
}

test.each([
  ...['ok', 'OK', 'Ok', '200', '202', '204'].map((code) => [code, false] as const),
  ...['unavailable', 'UNAVAILABLE', '500', '503', '429', '403', '520'].map(
    (code) => [code, true] as const,
  ),
])('an attempt that ended in %s is one too many: %s', (code, failed) => {
  expect(counts(code)).toBe(failed);
});
