/** Whose phone it is, when a request does not say: from the Workspace Directory, or a clear refusal. */

import {
  type DirectoryPerson,
  type DirectoryPhone,
  normalisePhone,
  phoneOf,
} from '../../functions/core/directory.ts';
import type { Person } from '../../local/google/workspace/people.ts';
import { type InProcess, startInProcess } from './support/in-process.ts';

const phone = (value: string, type = 'work', primary = false): DirectoryPhone => ({
  value,
  type,
  primary,
});
const person = (phones: readonly DirectoryPhone[], agentPhone?: string): DirectoryPerson => ({
  email: 'allison@nine30.com',
  suspended: false,
  phones,
  toggle: { agentPhone },
});

describe('phoneOf', () => {
  test.each([
    ['the one there is', person([phone('+43 664 1234567')]), '+436641234567'],
    [
      'a mobile before others',
      person([phone('+4311111111'), phone('+15551234567', 'mobile')]),
      '+15551234567',
    ],
    [
      'work_mobile is one',
      person([phone('+4311111111', 'work', true), phone('+15551234567', 'work_mobile')]),
      '+15551234567',
    ],
    [
      'the primary mobile of two',
      person([phone('+15550000001', 'mobile'), phone('+15550000002', 'mobile', true)]),
      '+15550000002',
    ],
    [
      'the primary where none is mobile',
      person([phone('+4311111111'), phone('+4322222222', 'home', true)]),
      '+4322222222',
    ],
    [
      'the custom field before all',
      person([phone('+15550000001', 'mobile', true)], ' +1 (555) 000-0009 '),
      '+15550000009',
    ],
    [
      'one number written in two ways',
      person([phone('+1 555 000 0001', 'mobile'), phone('(555) 000-0001', 'mobile')]),
      '+15550000001',
    ],
    ['no fax', person([phone('+4311111111', 'work_fax'), phone('+4322222222')]), '+4322222222'],
  ])('%s', (_what, who, expected) => {
    expect(phoneOf(who, 'US')).toEqual({ kind: 'found', phone: expected });
  });

  test.each([
    ['none', person([])],
    ['none', person([phone('+4311111111', 'home_fax')])],
    ['several', person([phone('+15550000001', 'mobile'), phone('+15550000002', 'mobile')])],
    ['no-number', person([phone('ask reception')])],
    ['no-number', person([phone('+1 555 123 4567 ext. 12')])],
    ['no-number', person([phone('+15550000001', 'mobile')], 'soon')],
  ])('%s', (kind, who) => {
    expect(phoneOf(who, 'US')).toEqual({ kind });
  });

  test('a number without a country needs a region', () => {
    expect(normalisePhone('0664 1234567', 'AT')).toBe('+436641234567');
    expect(normalisePhone('0664 1234567', '')).toBeUndefined();
  });
});

describe('a request without userPhone', () => {
  let plane: InProcess;
  beforeAll(async () => {
    plane = await startInProcess();
  });
  afterAll(() => plane.close());

  const put = (more: Partial<Person>) =>
    plane.google.directory.put({ primaryEmail: 'allison@nine30.com', ...more });
  const provision = (body: object = {}) =>
    plane.call('POST', '/v1/agents', { user: 'allison@nine30.com', ...body });
  const fieldsOf = (body: { error: { details: { field: string; problem: string }[] } }) =>
    body.error.details.map(({ field, problem }) => `${field} ${problem}`).join();

  test.each<[string, Partial<Person>, string]>([
    ['nobody has a phone', {}, 'userPhone .*has no phone'],
    [
      'there are several',
      {
        phones: [
          { value: '+15550000001', type: 'mobile' },
          { value: '+15550000002', type: 'mobile' },
        ],
      },
      'userPhone .*several phones',
    ],
    ['it is no number', { phones: [{ value: 'call me', type: 'mobile' }] }, 'no phone number'],
    ['the person is suspended', { suspended: true }, 'user is suspended'],
    ['the person is archived', { archived: true }, 'user is suspended'],
  ])('%s: says so and creates nothing', async (_what, more, expected) => {
    put(more);
    const { status, body } = await provision();
    expect([status, body.error.code]).toEqual([400, 'INVALID_ARGUMENT']);
    expect(fieldsOf(body)).toMatch(new RegExp(expected));
    expect((await plane.call('GET', '/v1/agents')).body.agents).toEqual([]);
  });

  test('somebody who is not there', async () => {
    const { status, body } = await provision({ user: 'nobody@nine30.com' });
    expect([status, fieldsOf(body)]).toEqual([400, 'user is nobody in the directory']);
  });

  test('the phone is taken from the directory, once it is there; the same again changes nothing', async () => {
    put({ phones: [{ value: '(555) 123-4567', type: 'mobile' }] });
    const made = await provision();
    expect([made.status, made.body.userPhone]).toEqual([202, '+1555•••4567']);
    await plane.google.compute.operations.idle();
    expect((await provision()).status).toBe(200);
    put({ customSchemas: { AgentConfig: { agentPhone: '+15559999999' } } });
    expect((await provision()).body.userPhone).toBe('+1555•••9999');
  });

  test('a request that names one asks nobody', async () => {
    const mark = plane.google.recording.length;
    await provision({ userPhone: '+15551234567' });
    const asked = plane.google.recording
      .slice(mark)
      .filter(({ method }) => /directory/.test(method));
    expect(asked).toEqual([]);
  });

  test('a directory that may not be read is the fault of nobody who calls', async () => {
    plane.google.directory.put({ primaryEmail: 'admin@nine30.com', isAdmin: false });
    const { status, body } = await provision();
    expect([status, body.error.code]).toEqual([412, 'FAILED_PRECONDITION']);
    expect(body.error.details[0].fix).toContain('directory_as');
    plane.google.directory.put({ primaryEmail: 'admin@nine30.com', isAdmin: true });
  });
});
