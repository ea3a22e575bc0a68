/**
 * `wait_for_change`: answers when the metadata changes, not before.
 * https://cloud.google.com/compute/docs/metadata/querying-metadata#waitforchange
 */

/** Calls back at every change; returns the function that ends it. */
export type Watch = (onChange: () => void) => () => void;

export interface Wait {
  /** Etag of what would be answered now. */
  readonly etag: () => string;
  /** What the caller knows; without it, what is there now. */
  readonly lastEtag: string | undefined;
  /** Undefined: as long as it takes. */
  readonly timeoutMs: number | undefined;
  readonly watch: Watch;
  /** The caller went away. */
  readonly gone: AbortSignal;
}

/** Resolves when the etag is another than the caller's, the time is up, or the caller is gone. */
export function waitForChange(wait: Wait): Promise<void> {
  const known = wait.lastEtag ?? wait.etag();
  if (wait.etag() !== known) return Promise.resolve();
  return new Promise((resolve) => {
    const unwatch = wait.watch(() => {
      if (wait.etag() !== known) finish();
    });
    const timer = wait.timeoutMs === undefined ? undefined : setTimeout(finish, wait.timeoutMs);
    wait.gone.addEventListener('abort', finish);
    function finish(): void {
      clearTimeout(timer);
      unwatch();
      wait.gone.removeEventListener('abort', finish);
      resolve();
    }
  });
}
