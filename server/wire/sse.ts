/** One server-sent event; `event` is "" where the stream names none. Source: WHATWG HTML, section 9.2. */
export type ServerSentEvent = { readonly event: string; readonly data: string };

/** An event is cut off at this size: a broken upstream must not fill the memory. */
const MAX_EVENT_BYTES = 16 * 1024 * 1024;

const LF = 10;
const CR = 13;

/** Decodes one stream's bytes, in chunks cut anywhere, also inside a character. */
export class SseParser {
  #pending: Buffer | undefined;
  #event = "";
  #data: string[] = [];
  #bytes = 0;
  #started = false;
  /** A CR that ended the last chunk: if an LF follows it belongs to the same line end. */
  #afterCr = false;

  /** The events that are whole now. Throws a RangeError when one is larger than 16 MiB. */
  push(chunk: Uint8Array): ServerSentEvent[] {
    const events: ServerSentEvent[] = [];
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#pending) {
      bytes = Buffer.concat([this.#pending, bytes]);
      this.#pending = undefined;
    }
    let start = 0;
    if (this.#afterCr && bytes.length > 0) {
      this.#afterCr = false;
      if (bytes[0] === LF) start = 1;
    }
    for (;;) {
      const end = lineEnd(bytes, start);
      if (end === -1) break;
      this.#line(bytes.toString("utf8", start, end), events);
      start = end + 1;
      if (bytes[end] === CR) {
        if (start === bytes.length) this.#afterCr = true;
        else if (bytes[start] === LF) start++;
      }
    }
    if (start < bytes.length) this.#pending = Buffer.from(bytes.subarray(start));
    if ((this.#pending?.length ?? 0) + this.#bytes > MAX_EVENT_BYTES) throw new RangeError("A server-sent event is larger than 16 MiB.");
    return events;
  }

  #line(text: string, events: ServerSentEvent[]): void {
    const line = !this.#started && text.startsWith("\uFEFF") ? text.slice(1) : text;
    this.#started = true;
    if (line === "") {
      if (this.#data.length > 0) events.push({ event: this.#event, data: this.#data.length === 1 ? (this.#data[0] ?? "") : this.#data.join("\n") });
      this.#event = "";
      this.#data = [];
      this.#bytes = 0;
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line.charCodeAt(colon + 1) === 32 ? colon + 2 : colon + 1);
    if (field === "data") {
      this.#data.push(value);
      this.#bytes += value.length;
    } else if (field === "event") this.#event = value;
  }
}

function lineEnd(bytes: Buffer, from: number): number {
  const lf = bytes.indexOf(LF, from);
  const cr = bytes.indexOf(CR, from);
  if (cr === -1) return lf;
  return lf === -1 || cr < lf ? cr : lf;
}

/** An object as one event's bytes. */
export function sseData(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`;
}

export const SSE_DONE = "data: [DONE]\n\n";
