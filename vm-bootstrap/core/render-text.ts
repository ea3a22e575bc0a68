/** Mustache-style texts without a library: `{{name}}`, and `{{#flag}}...{{/flag}}` on lines of their own. */

import { PlaneError } from '../../contracts/plane-error.ts';

export type TextValues = Readonly<Record<string, string | boolean>>;

const SECTION = /^\{\{#(\w+)\}\}\n([\s\S]*?)^\{\{\/\1\}\}\n/gm;
const PLACEHOLDER = /\{\{(\w+)\}\}/g;

function lookUp(values: TextValues, name: string): string | boolean {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value === undefined) throw new PlaneError('INTERNAL', `Unknown placeholder {{${name}}}.`);
  return value;
}

/** @throws PlaneError INTERNAL on a placeholder without a value: a template is never half filled. */
export function renderText(template: string, values: TextValues): string {
  const sections = template.replace(SECTION, (_, name: string, body: string) =>
    lookUp(values, name) === true ? body : '',
  );
  return sections.replace(PLACEHOLDER, (_, name: string) => String(lookUp(values, name)));
}
