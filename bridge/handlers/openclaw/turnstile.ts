/** So many at once and no more; the others wait in their order. */

/** @returns resolves when there is room; what it gives makes room again, once */
export function createTurnstile(places: number): () => Promise<() => void> {
  let free = places;
  const waiting: (() => void)[] = [];
  return async () => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    };
  };
}
