import type { ServerSentEvent } from "@/server/wire/sse";

const LF = 10;

/** A line is cut off at this size: a broken upstream must not fill the memory. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;

/** Decodes one stream of JSON values, one a line, in chunks cut anywhere. A line that the stream's end cuts short is not reported. */
export class NdjsonParser {
  #held: Buffer[] = [];
  #heldBytes = 0;

  /** The lines that are whole now, without the blank ones. Throws a RangeError when one is larger than 16 MiB. */
  push(chunk: Uint8Array): ServerSentEvent[] {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const events: ServerSentEvent[] = [];
    let start = 0;
    for (let end = bytes.indexOf(LF); end !== -1; end = bytes.indexOf(LF, start)) {
      const data = this.#line(bytes.subarray(start, end)).trim();
      if (data !== "") events.push({ event: "", data });
      start = end + 1;
    }
    if (start < bytes.length) this.#hold(bytes.subarray(start));
    return events;
  }

  #line(rest: Buffer): string {
    if (this.#heldBytes === 0) return rest.toString("utf8");
    const line = Buffer.concat([...this.#held, rest]).toString("utf8");
    this.#held = [];
    this.#heldBytes = 0;
    return line;
  }

  /** Copied, as the bytes belong to the socket. */
  #hold(bytes: Buffer): void {
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > MAX_LINE_BYTES) throw new RangeError("A line of the stream is larger than 16 MiB.");
    this.#held.push(Buffer.from(bytes));
  }
}
