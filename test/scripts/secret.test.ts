import { PassThrough } from 'node:stream';
import { openSecretPrompt } from '../../scripts/ui/secret.ts';

test('what is typed is taken and not shown', async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const prompt = openSecretPrompt(input, output);
  const first = prompt.ask('token: ');
  input.write('EAAsecret\r');
  expect(await first).toBe('EAAsecret');
  const second = prompt.ask('app secret: ');
  input.write(' 1f9c \r');
  expect(await second).toBe('1f9c');
  prompt.close();
  expect(String(output.read())).toBe('token: \napp secret: \n');
});

test('lines that are pasted together are all taken', async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const prompt = openSecretPrompt(input, output);
  input.write('one\rtwo\r');
  expect([await prompt.ask(''), await prompt.ask('')]).toEqual(['one', 'two']);
  prompt.close();
});

test('Ctrl-C ends it', async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const asked = openSecretPrompt(input, output).ask('token: ');
  input.write('EAA\u0003');
  await expect(asked).rejects.toMatchObject({ code: 'ABORTED' });
});
