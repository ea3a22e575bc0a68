import {
  assignments,
  command,
  expand,
  list,
  parseUnit,
  span,
  unitName,
  value,
  values,
  words,
} from '../../local/machines/unit-file.ts';

describe('unit files', () => {
  test.each<[string, string, string, string[]]>([
    ['one value', '[Service]\nUser=a', 'Service.User', ['a']],
    ['spaces around', '[Service]\n User =  a b ', 'Service.User', ['a b']],
    [
      'repeated keys add up',
      '[Service]\nExecStart=a\nExecStart=b',
      'Service.ExecStart',
      ['a', 'b'],
    ],
    [
      'an empty value resets',
      '[Service]\nExecStart=a\nExecStart=\nExecStart=b',
      'Service.ExecStart',
      ['b'],
    ],
    ['comments', '# x\n[Service]\n;User=b\n#User=c\nUser=a', 'Service.User', ['a']],
    ['= inside a value', '[Service]\nEnvironment=A=b=c', 'Service.Environment', ['A=b=c']],
    ['continuation', '[Service]\nExecStart=a \\\n  b', 'Service.ExecStart', ['a    b']],
    [
      'a comment inside a continuation',
      '[Service]\nExecStart=a \\\n# no\n  b',
      'Service.ExecStart',
      ['a    b'],
    ],
    ['sections are apart', '[Unit]\nUser=no\n[Service]\nUser=a', 'Service.User', ['a']],
    ['a missing key', '[Unit]\nA=b', 'Service.User', []],
    ['CR LF and blank lines', '[Service]\r\n\r\nUser=a\r\n', 'Service.User', ['a']],
  ])('%s', (_, text, key, wanted) => {
    expect(values(parseUnit(text), key)).toEqual(wanted);
  });

  test('the last value counts where one is taken', () => {
    expect(value(parseUnit('[Service]\nUser=a\nUser=b'), 'Service.User')).toBe('b');
  });

  test('a list spans lines', () => {
    expect(list(parseUnit('[Unit]\nWants=a b\nWants=c'), 'Unit.Wants')).toEqual(['a', 'b', 'c']);
  });

  test.each<[string, string[]]>([
    ['a b  c', ['a', 'b', 'c']],
    ['"a b" c', ['a b', 'c']],
    ["'a \"b' c", ['a "b', 'c']],
    ['a\\ b', ['a b']],
    ['', []],
  ])('words of %j', (text, wanted) => {
    expect(words(text)).toEqual(wanted);
  });

  test.each<[string, string, string, string]>([
    ['x', 'x.service', 'x.service', ''],
    ['x.socket', 'x.socket', 'x.socket', ''],
    ['x@7-1-0.service', 'x@7-1-0.service', 'x@.service', '7-1-0'],
  ])('name %s', (given, full, file, instance) => {
    expect(unitName(given)).toMatchObject({ full, file, instance });
  });

  test('specifiers', () => {
    expect(expand('%i %n %N %p 100%% %t', unitName('x@1.service'))).toBe(
      '1 x@1.service x@1 x 100% %t',
    );
  });

  test.each<[string, string[], boolean]>([
    ['+/bin/a --peer=%i', ['/bin/a', '--peer=9'], false],
    ['-/bin/a', ['/bin/a'], true],
    ['+-/bin/a "b c"', ['/bin/a', 'b c'], true],
  ])('command %s', (line, argv, mayFail) => {
    expect(command(line, unitName('x@9.service'))).toEqual({ argv, mayFail });
  });

  test.each<[string | undefined, number]>([
    ['5', 5000],
    ['1min 30s', 90_000],
    ['100ms', 100],
    ['0', 0],
    ['infinity', Number.POSITIVE_INFINITY],
    [undefined, 42],
  ])('time span %s', (text, wanted) => {
    expect(span(text, 42)).toBe(wanted);
  });

  test('assignments', () => {
    expect(assignments(['A=b', 'C=d=e', '=x', 'junk'])).toEqual({ A: 'b', C: 'd=e' });
  });
});
