import { lastEventEnd } from "@/server/wire/event-bounds";

const MAX_EVENT_BYTES = 16 * 1024 * 1024;

/** Cuts a stream of server-sent events, whose chunks end anywhere, where events end. */
export class WholeEvents {
  #parts: Buffer[] = [];
  #partBytes = 0;

  /** The bytes up to the end of the last whole event; the rest waits for the next chunk. Throws RangeError for an event above 16 MiB. */
  push(chunk: Buffer): Buffer | undefined {
    if (this.#parts.length === 0) {
      const end = lastEventEnd(chunk);
      if (end === chunk.length) return chunk;
      this.#keep(chunk.subarray(end));
      return end === 0 ? undefined : chunk.subarray(0, end);
    }
    // Only where old and new bytes meet, and in the new ones, can an event have ended.
    const before = this.#parts.at(-1) ?? chunk;
    const seam = Buffer.concat([before.subarray(-3), chunk]);
    if (lastEventEnd(seam) === 0) {
      this.#keep(chunk);
      return undefined;
    }
    const all = Buffer.concat([...this.#parts, chunk]);
    this.#parts = [];
    this.#partBytes = 0;
    const end = lastEventEnd(all);
    if (end < all.length) this.#keep(all.subarray(end));
    return end === 0 ? undefined : all.subarray(0, end);
  }

  /** What came after the last whole event, when the stream is over. */
  rest(): Buffer | undefined {
    return this.#parts.length > 0 ? Buffer.concat(this.#parts) : undefined;
  }

  #keep(bytes: Buffer): void {
    // One-byte chunks would make one-byte seams: short pieces are joined to the one before.
    const last = this.#parts.at(-1);
    if (last && last.length < 4) this.#parts[this.#parts.length - 1] = Buffer.concat([last, bytes]);
    else this.#parts.push(bytes);
    this.#partBytes += bytes.length;
    if (this.#partBytes > MAX_EVENT_BYTES) throw new RangeError("An event is larger than 16 MiB.");
  }
}
