/**
 * IAM conditions on resource attributes: the part of CEL that `infra/` uses, strictly. Pure.
 *
 * https://cloud.google.com/iam/docs/conditions-resource-attributes
 */

import { GoogleError } from './service.ts';

export interface Condition {
  readonly title: string;
  readonly expression: string;
  readonly description?: string;
}

/** What a resource tells conditions about itself; empty where its service tells nothing. */
export interface Attributes {
  readonly name: string;
  readonly type: string;
  readonly service: string;
}

/** Path inside a project -> type. Whatever is not here has no attributes on Google either. */
const TYPES: ReadonlyArray<readonly [RegExp, string]> = [
  [/^secrets\/[^/]+$/, 'secretmanager.googleapis.com/Secret'],
  [/^secrets\/[^/]+\/versions\/[^/]+$/, 'secretmanager.googleapis.com/SecretVersion'],
  [/^zones\/[^/]+\/instances\/[^/]+$/, 'compute.googleapis.com/Instance'],
  [/^(zones|regions)\/[^/]+\/disks\/[^/]+$/, 'compute.googleapis.com/Disk'],
  [/^global\/images\/.+$/, 'compute.googleapis.com/Image'],
  [/^global\/snapshots\/[^/]+$/, 'compute.googleapis.com/Snapshot'],
  [/^regions\/[^/]+\/subnetworks\/[^/]+$/, 'compute.googleapis.com/Subnetwork'],
  [/^buckets\/[^/]+$/, 'storage.googleapis.com/Bucket'],
  [/^buckets\/[^/]+\/objects\/.+$/, 'storage.googleapis.com/Object'],
  [/^locations\/[^/]+\/buckets\/[^/]+\/views\/[^/]+$/, 'logging.googleapis.com/LogView'],
  [/^$/, 'cloudresourcemanager.googleapis.com/Project'],
];

/**
 * @param resource full path, its project named by id
 * @param numberOf number of a project by its id: Secret Manager names resources with it
 */
export function attributesOf(resource: string, numberOf: (id: string) => string): Attributes {
  const [, id = '', rest = ''] = /^projects\/([^/]+)\/?(.*)$/.exec(resource) ?? [];
  const type = id === '' ? undefined : TYPES.find(([pattern]) => pattern.test(rest))?.[1];
  if (!type) return { name: '', type: '', service: '' };
  const service = type.split('/')[0] ?? '';
  const project = service === 'secretmanager.googleapis.com' ? numberOf(id) : id;
  return { name: `projects/${project}${rest && `/${rest}`}`, type, service };
}

const invalid = (expression: string): GoogleError =>
  new GoogleError('INVALID_ARGUMENT', `This condition is not emulated: ${expression}`);

type Test = (attributes: Attributes) => boolean;

const TEXT = String.raw`("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')`;
const ATTRIBUTE = String.raw`resource\.(name|type|service)(?:\.extract\(${TEXT}\))?`;
const TERM = new RegExp(
  String.raw`^(!?)\s*${ATTRIBUTE}\s*(?:(==|!=)\s*${TEXT}|\.(startsWith|endsWith)\(${TEXT}\))$`,
);

const unquote = (text: string | undefined): string =>
  (text ?? '').slice(1, -1).replace(/\\(.)/g, '$1');

/** `extract("/instances/{name}")`: what stands in the place of the braces, or nothing. */
function extract(value: string, template: string): string {
  const [, before = '', after = ''] = /^(.*)\{\w+\}(.*)$/.exec(template) ?? [];
  const start = value.indexOf(before);
  if (start < 0) return '';
  const rest = value.slice(start + before.length);
  const end = after === '' ? rest.length : rest.indexOf(after);
  return end < 0 ? '' : rest.slice(0, end);
}

function termOf(text: string, whole: string): Test {
  const [, not, attribute, template, equality, equalTo, method, argument] = TERM.exec(text) ?? [];
  if (attribute === undefined) throw invalid(whole);
  const read = (attributes: Attributes): string => {
    const value = attributes[attribute as keyof Attributes];
    return template === undefined ? value : extract(value, unquote(template));
  };
  const wanted = unquote(equalTo ?? argument);
  const holds = (value: string): boolean => {
    if (equality) return (value === wanted) === (equality === '==');
    return method === 'startsWith' ? value.startsWith(wanted) : value.endsWith(wanted);
  };
  return (attributes) => holds(read(attributes)) !== (not === '!');
}

/**
 * Terms joined by `&&`, those joined by `||`; no parentheses, no `||` inside of texts.
 * @throws GoogleError INVALID_ARGUMENT for anything else
 */
export function compileCondition({ expression }: Condition): Test {
  const alternatives = expression.split('||').map((part) => {
    const terms = part.split('&&').map((term) => termOf(term.trim(), expression));
    return (attributes: Attributes) => terms.every((test) => test(attributes));
  });
  return (attributes) => alternatives.some((test) => test(attributes));
}
