/**
 * The serial port's log: its last megabyte, addressed by byte offsets that never repeat.
 * https://cloud.google.com/compute/docs/reference/rest/v1/instances/getSerialPortOutput
 */

const KEPT_BYTES = 1024 * 1024;

export interface SerialOutput {
  readonly contents: string;
  /** Byte offset of the first byte of `contents`, and of what comes next. */
  readonly start: number;
  readonly next: number;
}

export class ConsoleLog {
  #bytes: Buffer = Buffer.alloc(0);
  /** Offset of the oldest byte that is kept. */
  #start = 0;

  append(chunk: string): void {
    const all = Buffer.concat([this.#bytes, Buffer.from(chunk)]);
    const dropped = Math.max(0, all.length - KEPT_BYTES);
    this.#bytes = all.subarray(dropped);
    this.#start += dropped;
  }

  /** @param from byte offset; negative counts from the end; too old means the oldest kept. */
  read(from: number): SerialOutput {
    const next = this.#start + this.#bytes.length;
    const wanted = from < 0 ? next + from : from;
    const start = Math.min(Math.max(wanted, this.#start), next);
    return { contents: this.#bytes.subarray(start - this.#start).toString(), start, next };
  }
}
