import { PlaneError } from '../../contracts/errors.ts';
import { readPeopleFile } from '../../scripts/cli/people-file.ts';

const problemsOf = (name: string, text: string): readonly string[] => {
  try {
    readPeopleFile(name, text);
    return [];
  } catch (error) {
    if (!(error instanceof PlaneError)) throw error;
    return error.details.map(({ field, problem }) => `${field} ${problem}`);
  }
};

test('a table as a spreadsheet writes it: byte order mark, quotes, empty cells and lines', () => {
  const text =
    '\uFEFFuser, phone,budget,mode\r\nada@nine30.com,+15551234567,80,\r\n\r\n"bo@nine30.com","+15557654321",,linked\r\n';
  expect(readPeopleFile('people.csv', text)).toEqual([
    { at: 'line 2', person: { user: 'ada@nine30.com', userPhone: '+15551234567', budget: 80 } },
    {
      at: 'line 4',
      person: {
        user: 'bo@nine30.com',
        userPhone: '+15557654321',
        whatsapp: { mode: 'linked' },
      },
    },
  ]);
});

test('two columns of one field', () => {
  const text = 'user,mode,askPhone\nada@nine30.com,linked,15\nbo@nine30.com,,2\n';
  expect(readPeopleFile('people.csv', text).map(({ person }) => person.whatsapp)).toEqual([
    { mode: 'linked', askPhone: 15 },
    { askPhone: 2 },
  ]);
});

test('JSON: a list, or an object with one', () => {
  const people = [{ user: 'ada@nine30.com', userPhone: '+15551234567' }];
  const rows = [{ at: 'entry 1', person: people[0] }];
  expect(readPeopleFile('p.json', JSON.stringify(people))).toEqual(rows);
  expect(readPeopleFile('p.json', JSON.stringify({ people }))).toEqual(rows);
});

test.each([
  [
    'every line with the wrong number of cells',
    'p.csv',
    'user,phone\na,b,c\nd\n',
    ['line 2 has 3 cells, the header 2', 'line 3 has 1 cells, the header 2'],
  ],
  [
    'unknown and doubled columns',
    'p.csv',
    'user,fax,user\na,b,c\n',
    ['line 1: column 2 has no name that is known', 'line 1: column 3 is there twice'],
  ],
  [
    'a quote in the middle',
    'p.csv',
    'user,phone\na"b,c\n',
    ['line 2 is not CSV: a quote stands where none can'],
  ],
  ['nobody', 'p.csv', 'user,phone\n', ['file has nobody in it']],
  ['an empty file', 'p.csv', '', ['file has nobody in it']],
  ['what is no JSON', 'p.json', '{', ['file is not a JSON list of people']],
  ['JSON of something else', 'p.json', '["ada"]', ['file is not a JSON list of people']],
])('%s', (_title, name, text, problems) => {
  expect(problemsOf(name, text)).toEqual(problems);
});
