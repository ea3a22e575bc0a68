/**
 * DESIGN.md's import rules as data, and the pure function that applies them.
 * Rooms are path prefixes; the first rule whose `room` a file's path begins with decides.
 */

import { dirname, join, normalize } from 'node:path';

export interface RoomRule {
  readonly room: string;
  /** Path prefixes that files of the room may import, besides the room itself. */
  readonly rooms: readonly string[];
  /** Path prefixes among those that they may not. */
  readonly except?: readonly string[];
  /** Packages that they may import: exact names, or a prefix ending in `*`. `node:` is asked for by name too. */
  readonly packages: readonly string[];
}

const GOOGLE = ['@google-cloud/*', 'googleapis*', 'google-auth-library*', 'google-gax*'];

/** What transports, handlers and the pipeline between them know of each other. */
const BRIDGE_WORDS = ['bridge/message.ts', 'bridge/ports.ts'];

export const RULES: readonly RoomRule[] = [
  { room: 'contracts/', rooms: [], packages: ['zod'] },
  {
    room: 'functions/core/',
    rooms: ['contracts/'],
    packages: ['zod', 'mustache', 'libphonenumber-js*', 'nodemailer*', 'node:crypto'],
  },
  {
    room: 'functions/service/',
    rooms: ['contracts/', 'functions/core/'],
    packages: ['zod', 'node:crypto', 'node:timers*'],
  },
  {
    room: 'functions/drivers/',
    rooms: ['contracts/', 'functions/service/ports.ts', 'functions/core/'],
    packages: [...GOOGLE, 'zod', 'node:*'],
  },
  {
    room: 'functions/http/',
    rooms: ['contracts/', 'functions/core/', 'functions/service/'],
    packages: ['zod', 'express', 'node:*', '@google-cloud/functions-framework'],
  },
  { room: 'functions/', rooms: ['contracts/', 'functions/'], packages: ['*'] },
  {
    room: 'vm-bootstrap/core/',
    rooms: ['contracts/'],
    packages: ['zod', 'mustache', 'node:path', 'node:crypto'],
  },
  { room: 'vm-bootstrap/main.ts', rooms: ['contracts/', 'vm-bootstrap/'], packages: ['node:*'] },
  {
    room: 'vm-bootstrap/commands/',
    rooms: ['contracts/', 'vm-bootstrap/'],
    packages: ['zod', 'node:*'],
  },
  {
    room: 'vm-bootstrap/',
    rooms: ['contracts/', 'vm-bootstrap/'],
    except: ['vm-bootstrap/commands/'],
    packages: ['zod', 'mustache', 'node:*'],
  },
  { room: 'bridge/guard/', rooms: ['bridge/message.ts'], packages: [] },
  { room: 'bridge/format/', rooms: ['bridge/message.ts'], packages: ['marked'] },
  { room: 'bridge/store/', rooms: ['contracts/'], packages: ['node:*'] },
  {
    room: 'bridge/pipeline/',
    rooms: [...BRIDGE_WORDS, 'bridge/format/', 'bridge/guard/', 'bridge/store/'],
    packages: [],
  },
  {
    room: 'bridge/transports/',
    rooms: ['contracts/', ...BRIDGE_WORDS, 'bridge/address.ts', 'bridge/format/'],
    packages: ['zod', 'node:*', 'undici'],
  },
  {
    room: 'bridge/handlers/',
    rooms: ['contracts/', ...BRIDGE_WORDS, 'bridge/config/schema.ts', 'bridge/transcribe/'],
    packages: ['zod', 'node:*', '@openclaw/gateway-client'],
  },
  { room: 'bridge/', rooms: ['contracts/', 'bridge/'], packages: ['*'] },
  { room: 'local/', rooms: ['contracts/', 'local/'], packages: ['*'] },
  { room: 'scripts/', rooms: ['contracts/', 'local/', 'scripts/'], packages: ['*'] },
];

/** Files of these rooms may read `process.env`: the entry points. */
export const ENTRY_POINTS = [
  'functions/index.ts',
  'vm-bootstrap/main.ts',
  'bridge/main.ts',
  'scripts/',
  // Processes of their own, started by the process hypervisor.
  'local/machines/init.ts',
  'local/machines/systemctl.ts',
];

const matches = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;

/** Drivers never import each other; their own helpers live in one file per driver or in `google-*.ts`. */
function driverToDriver(file: string, target: string): boolean {
  const drivers = 'functions/drivers/';
  return (
    file.startsWith(drivers) &&
    target.startsWith(drivers) &&
    !target.startsWith(`${drivers}google-`)
  );
}

/**
 * @param file path of the importing file, relative to the repository
 * @param specifier what stands in the import
 * @returns why it is against the rules, or undefined
 */
export function violation(file: string, specifier: string): string | undefined {
  const rule = RULES.find(({ room }) => file.startsWith(room));
  if (!rule) return undefined;
  if (!specifier.startsWith('.')) {
    return rule.packages.some((pattern) => matches(pattern, specifier))
      ? undefined
      : `${file} imports ${specifier}, which is not among the packages of ${rule.room}`;
  }
  const target = normalize(join(dirname(file), specifier));
  if (driverToDriver(file, target)) return `${file} imports the driver ${target}`;
  const isIn = (rooms: readonly string[]) => rooms.some((room) => target.startsWith(room));
  const allowed = isIn([rule.room, ...rule.rooms]) && !isIn(rule.except ?? []);
  return allowed ? undefined : `${file} imports ${target}, which is above it (${rule.room})`;
}
