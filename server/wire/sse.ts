/** One server-sent event; `event` is "" where the stream names none. Source: WHATWG HTML, section 9.2. */
export type ServerSentEvent = { readonly event: string; readonly data: string };

/** An event is cut off at this size: a broken upstream must not fill the memory. */
const MAX_EVENT_BYTES = 16 * 1024 * 1024;

/** Beside its text a line costs something itself: an event of many empty ones must be cut off too. */
const LINE_BYTES = 32;

/** What a line needed beyond this is given back after it. */
const KEPT_BYTES = 64 * 1024;

const LF = 10;
const CR = 13;

/** Decodes one stream's bytes, in chunks cut anywhere, also inside a character. An event that the stream's end cuts short is not reported. */
export class SseParser {
  /** The beginning of a line whose end has not come, in the first bytes of a buffer that grows by doubling. */
  #held = Buffer.alloc(0);
  #heldBytes = 0;
  #event = "";
  #data: string[] = [];
  #dataBytes = 0;
  #started = false;
  /** A CR ended the last chunk: if an LF follows it belongs to the same line end. */
  #afterCr = false;

  /** The events that are whole now. Throws a RangeError when one is larger than 16 MiB. */
  push(chunk: Uint8Array): ServerSentEvent[] {
    const events: ServerSentEvent[] = [];
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let start = 0;
    if (this.#afterCr && bytes.length > 0) {
      this.#afterCr = false;
      if (bytes[0] === LF) start = 1;
    }
    // Most streams hold no CR at all: it is looked for again only behind the last one found.
    let cr = bytes.indexOf(CR, start);
    for (;;) {
      if (cr !== -1 && cr < start) cr = bytes.indexOf(CR, start);
      const lf = bytes.indexOf(LF, start);
      const end = cr !== -1 && (lf === -1 || cr < lf) ? cr : lf;
      if (end === -1) break;
      this.#line(this.#text(bytes, start, end), events);
      start = end + 1;
      if (end === cr) {
        if (start === bytes.length) this.#afterCr = true;
        else if (bytes[start] === LF) start++;
      }
    }
    if (start < bytes.length) this.#hold(bytes, start, bytes.length);
    return events;
  }

  /** The line that ends here, with what was held of it. */
  #text(bytes: Buffer, start: number, end: number): string {
    if (this.#heldBytes === 0) return bytes.toString("utf8", start, end);
    this.#hold(bytes, start, end);
    const text = this.#held.toString("utf8", 0, this.#heldBytes);
    this.#heldBytes = 0;
    if (this.#held.length > KEPT_BYTES) this.#held = Buffer.alloc(0);
    return text;
  }

  #hold(bytes: Buffer, start: number, end: number): void {
    const needed = this.#heldBytes + end - start;
    if (needed + this.#dataBytes > MAX_EVENT_BYTES) throw tooLarge();
    if (needed > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#held.length * 2, 256));
      this.#held.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    bytes.copy(this.#held, this.#heldBytes, start, end);
    this.#heldBytes = needed;
  }

  #line(text: string, events: ServerSentEvent[]): void {
    const line = !this.#started && text.startsWith("\uFEFF") ? text.slice(1) : text;
    this.#started = true;
    if (line === "") {
      if (this.#data.length > 0) events.push({ event: this.#event, data: this.#data.join("\n") });
      this.#event = "";
      this.#data = [];
      this.#dataBytes = 0;
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1);
    if (field === "data") {
      this.#data.push(value);
      this.#dataBytes += value.length + LINE_BYTES;
      if (this.#dataBytes > MAX_EVENT_BYTES) throw tooLarge();
    } else if (field === "event") this.#event = value;
  }
}

function tooLarge(): RangeError {
  return new RangeError("A server-sent event is larger than 16 MiB.");
}

/** An object as one event's bytes. */
export function sseData(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

/** What ends a stream of OpenAI's. */
export const SSE_DONE = "data: [DONE]\n\n";
