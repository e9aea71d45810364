import type { ServerSentEvent } from "@/server/wire/sse";

/** A body is cut off at this size: a broken upstream must not fill the memory. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

const QUOTE = 34;
const BACKSLASH = 92;
const OPENING = new Set([123, 91]);
const CLOSING = new Set([125, 93]);

/**
 * Takes one whole JSON object or list for a stream of one event, where an upstream streams nothing: the event is there as soon as
 * the last bracket is, in chunks cut anywhere.
 */
export class JsonBodyParser {
  #held: Buffer[] = [];
  #heldBytes = 0;
  #depth = 0;
  #inText = false;
  #escaped = false;
  #done = false;

  /** The body, once it is whole. Throws a RangeError when it is larger than 16 MiB. What follows it is passed over. */
  push(chunk: Uint8Array): ServerSentEvent[] {
    if (this.#done) return [];
    const bytes = Buffer.from(chunk);
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > MAX_BODY_BYTES) throw new RangeError("The answer is larger than 16 MiB.");
    for (const [at, byte] of bytes.entries()) {
      if (!this.#closes(byte)) continue;
      this.#done = true;
      const data = Buffer.concat([...this.#held, bytes.subarray(0, at + 1)]).toString("utf8");
      this.#held = [];
      return [{ event: "", data }];
    }
    this.#held.push(bytes);
    return [];
  }

  /** Whether this byte is the bracket that closes the body. */
  #closes(byte: number): boolean {
    if (this.#inText) {
      if (this.#escaped) this.#escaped = false;
      else if (byte === BACKSLASH) this.#escaped = true;
      else if (byte === QUOTE) this.#inText = false;
      return false;
    }
    if (byte === QUOTE) this.#inText = true;
    else if (OPENING.has(byte)) this.#depth++;
    else if (CLOSING.has(byte)) return --this.#depth === 0;
    return false;
  }
}
