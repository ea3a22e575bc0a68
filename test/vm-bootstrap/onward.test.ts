import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { workIsNext } from '../../vm-bootstrap/core/onward.ts';

const TEMPLATE = readFileSync(join(import.meta.dirname, '../../templates/vm/BOOTSTRAP.md'), 'utf8');

test.each([
  ['nothing noted yet', TEMPLATE, true],
  ['name and vibe noted', `${TEMPLATE}- name: Allison\n- vibe: casual\n`, true],
  ['the key put off, the work told', `${TEMPLATE}- key: later\n- work: keeps books\n`, false],
  ['onboarding over', undefined, false],
])('with the key stored and %s', (_, bootstrap, expected) => {
  expect(workIsNext(bootstrap)).toBe(expected);
});
