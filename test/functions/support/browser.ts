/** Chromium, as apt installs it. */

import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PATH = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

/** Whether there is one; a test without it says so in its name. */
export const hasBrowser = existsSync(PATH);

export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: PATH,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });
