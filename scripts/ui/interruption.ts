/** Resolves at the first Ctrl-C (or SIGTERM): commands that stay up wait for it, and then clean up. */
export const untilInterrupted = (): Promise<void> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
