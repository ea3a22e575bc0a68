#!/usr/bin/env node
/**
 * `systemctl` inside a machine that is only a directory: hands its arguments to the
 * supervisor over a Unix socket and answers as it says. An entry point: reads the environment.
 */

import { createConnection } from 'node:net';
import { join } from 'node:path';
import type { ExecResult } from '../machine.ts';

const socket = createConnection(join(process.env.AGENTS_PLANE_ROOT ?? '/', 'run/supervisor.sock'));
let answer = '';
socket.setEncoding('utf8');
socket.on('connect', () => socket.write(`${JSON.stringify(process.argv.slice(2))}\n`));
socket.on('data', (chunk: string) => {
  answer += chunk;
});
socket.on('error', (error) => {
  process.stderr.write(`systemctl: ${error.message}\n`);
  process.exitCode = 1;
});
socket.on('end', () => {
  const { code, stdout, stderr } = JSON.parse(answer) as ExecResult;
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = code;
});
