/** A progress bar on a terminal; elsewhere a line for every tenth. Writes to standard error. */

const WIDTH = 30;

export interface Bar {
  /** @param note what is being done */
  show(done: number, note: string): void;
  end(): void;
}

const line = (done: number, total: number, note: string): string => {
  const full = Math.round((done / total) * WIDTH);
  return `[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}] ${done}/${total}  ${note}`;
};

export function createBar(stream: NodeJS.WriteStream, total: number): Bar {
  let tenth = -1;
  return {
    show(done, note) {
      if (stream.isTTY) stream.write(`\r\u001b[2K${line(done, total, note)}`);
      else if (Math.floor((done / total) * 10) !== tenth) {
        tenth = Math.floor((done / total) * 10);
        stream.write(`${line(done, total, note)}\n`);
      }
    },
    end: () => void (stream.isTTY && stream.write('\r\u001b[2K')),
  };
}
