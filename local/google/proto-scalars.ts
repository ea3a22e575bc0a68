/** Scalars and messages with a JSON form of their own, as the proto3 JSON mapping has them. */

/** Gives the normal form, or `undefined` when the value is not one of this type. */
export type ScalarReader = (value: unknown) => unknown;

/** A JSON object, which is what a message is. */
export const isMessage = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const INTEGER = /^-?\d+$/;
const inRange = (value: unknown, bits: number, signed: boolean): boolean => {
  const text = String(value);
  if (!INTEGER.test(text)) return false;
  const number = BigInt(text);
  return signed ? BigInt.asIntN(bits, number) === number : BigInt.asUintN(bits, number) === number;
};
const isNumeric = (value: unknown): boolean =>
  typeof value === 'number' ||
  (typeof value === 'string' && value !== '' && !Number.isNaN(Number(value)));

const integer =
  (bits: number, signed: boolean): ScalarReader =>
  (value) => {
    if (typeof value !== 'number' && typeof value !== 'string') return undefined;
    if (!inRange(value, bits, signed)) return undefined;
    return bits === 64 ? String(value) : Number(value);
  };
const float: ScalarReader = (value) => (isNumeric(value) ? Number(value) : undefined);

export const SCALARS: Readonly<Record<string, ScalarReader>> = {
  string: (value) => (typeof value === 'string' ? value : undefined),
  bool: (value) =>
    typeof value === 'boolean'
      ? value
      : ({ true: true, false: false } as Record<string, unknown>)[String(value)],
  bytes: (value) =>
    typeof value === 'string' && /^[A-Za-z0-9+/_-]*={0,2}$/.test(value) ? value : undefined,
  int32: integer(32, true),
  sint32: integer(32, true),
  sfixed32: integer(32, true),
  uint32: integer(32, false),
  fixed32: integer(32, false),
  int64: integer(64, true),
  sint64: integer(64, true),
  sfixed64: integer(64, true),
  uint64: integer(64, false),
  fixed64: integer(64, false),
  double: float,
  float,
};

const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;
const text =
  (pattern: RegExp): ScalarReader =>
  (value) =>
    typeof value === 'string' && pattern.test(value) ? value : undefined;

/** Messages with a JSON form of their own. */
export const WELL_KNOWN: Readonly<Record<string, ScalarReader>> = {
  'google.protobuf.Timestamp': text(RFC3339),
  'google.protobuf.Duration': text(/^-?\d+(\.\d{1,9})?s$/),
  'google.protobuf.FieldMask': text(/^[A-Za-z0-9_.,*]*$/),
  'google.protobuf.Struct': (value) => (isMessage(value) ? value : undefined),
  'google.protobuf.Value': (value) => value,
  'google.protobuf.ListValue': (value) => (Array.isArray(value) ? value : undefined),
  'google.protobuf.Any': (value) => (isMessage(value) ? value : undefined),
  'google.protobuf.BoolValue': (value) => (typeof value === 'boolean' ? value : undefined),
  'google.protobuf.StringValue': (value) => (typeof value === 'string' ? value : undefined),
};
