import { GatewayError } from "@/server/errors";
import { crc32 } from "@/server/wire/crc32";
import { isRecord, textOf } from "@/server/wire/json";
import { type ServerSentEvent, SseParser } from "@/server/wire/sse";

/** One message as it was framed. `headers` holds those whose values are texts; the others say nothing that is read here. */
export type AwsMessage = { readonly headers: ReadonlyMap<string, string>; readonly payload: Buffer };

/** What a message means to the decoder behind. */
export type AwsReader = (message: AwsMessage) => readonly ServerSentEvent[];

const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
/** Total length, headers' length, and a checksum over the two. */
const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;

/**
 * Decodes one `application/vnd.amazon.eventstream` in chunks cut anywhere. Both checksums of each message are verified: after
 * a damaged one nothing can be trusted, so `push` throws `upstream_garbled`. Source: Smithy, "Amazon Event Stream Specification".
 */
export class AwsEventParser {
  readonly #read: AwsReader;
  #held = Buffer.alloc(0);
  #heldBytes = 0;

  constructor(read: AwsReader) {
    this.#read = read;
  }

  /** The events of the messages that are whole now. Throws a RangeError when a message is larger than 16 MiB. */
  push(chunk: Uint8Array): ServerSentEvent[] {
    this.#hold(chunk);
    const events: ServerSentEvent[] = [];
    let start = 0;
    for (;;) {
      const bytes = this.#held.subarray(start, this.#heldBytes);
      const length = messageLength(bytes);
      if (length === undefined || bytes.length < length) break;
      events.push(...this.#read(messageOf(bytes.subarray(0, length))));
      start += length;
    }
    this.#held.copy(this.#held, 0, start, this.#heldBytes);
    this.#heldBytes -= start;
    return events;
  }

  #hold(chunk: Uint8Array): void {
    const needed = this.#heldBytes + chunk.byteLength;
    if (needed > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#held.length * 2, 4096));
      this.#held.copy(grown, 0, 0, this.#heldBytes);
      this.#held = grown;
    }
    this.#held.set(chunk, this.#heldBytes);
    this.#heldBytes = needed;
  }
}

/** The length of the message that begins here; undefined while its prelude is not whole. */
function messageLength(bytes: Buffer): number | undefined {
  if (bytes.length < PRELUDE_BYTES) return undefined;
  if (crc32(bytes.subarray(0, 8)) !== bytes.readUInt32BE(8)) throw damaged("prelude");
  const length = bytes.readUInt32BE(0);
  if (length > MAX_MESSAGE_BYTES) throw new RangeError("A message of the event stream is larger than 16 MiB.");
  if (length < PRELUDE_BYTES + CHECKSUM_BYTES + bytes.readUInt32BE(4)) throw damaged("prelude");
  return length;
}

function messageOf(bytes: Buffer): AwsMessage {
  const end = bytes.length - CHECKSUM_BYTES;
  if (crc32(bytes.subarray(0, end)) !== bytes.readUInt32BE(end)) throw damaged("message");
  const body = PRELUDE_BYTES + bytes.readUInt32BE(4);
  return { headers: headersOf(bytes.subarray(PRELUDE_BYTES, body)), payload: bytes.subarray(body, end) };
}

/** Bytes of a header's value by its type; types 6 and 7 (bytes, text) begin with their length in two bytes. */
const VALUE_BYTES: readonly number[] = [0, 0, 1, 2, 4, 8, -1, -1, 8, 16];
const TEXT_TYPE = 7;

function headersOf(bytes: Buffer): Map<string, string> {
  const headers = new Map<string, string>();
  let at = 0;
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw damaged("header");
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const name = take(take(1).readUInt8()).toString("utf8");
    const type = take(1).readUInt8();
    const size = VALUE_BYTES[type];
    if (size === undefined) throw damaged("header");
    const value = take(size === -1 ? take(2).readUInt16BE() : size);
    if (type === TEXT_TYPE) headers.set(name, value.toString("utf8"));
  }
  return headers;
}

function damaged(part: string): GatewayError {
  return new GatewayError("upstream_garbled", `The provider's stream is damaged: a ${part} is not what it should be.`);
}

/** A message as an event of its type, or of its exception's name; `data` is the payload's text. */
export function typedEvent(message: AwsMessage): readonly ServerSentEvent[] {
  const failure = failureOf(message);
  if (failure) return [{ event: failure.name, data: JSON.stringify({ message: failure.message }) }];
  return [{ event: message.headers.get(":event-type") ?? "", data: message.payload.toString("utf8") }];
}

/** A message `{"bytes": "…"}` as the JSON event inside. */
export function chunkEvents(message: AwsMessage): readonly ServerSentEvent[] {
  const failure = failureOf(message);
  if (failure) {
    const error = { type: anthropicTypes[failure.name] ?? "api_error", message: failure.message };
    return [{ event: "error", data: JSON.stringify({ type: "error", error }) }];
  }
  const outer = parsed(message.payload.toString("utf8"));
  const bytes = isRecord(outer) ? textOf(outer.bytes) : undefined;
  if (bytes === undefined) return [];
  // A line break outside its texts means nothing in JSON, and would end a line of the stream that the event goes into.
  const data = Buffer.from(bytes, "base64")
    .toString("utf8")
    .replace(/[\r\n]+/g, " ");
  return [{ event: typeOf(data), data }];
}

/** Events begin with their type, as a rule. */
function typeOf(data: string): string {
  const [, first] = /^\{"type":"(\w+)"/.exec(data) ?? [];
  if (first !== undefined) return first;
  const event = parsed(data);
  return (isRecord(event) && textOf(event.type)) || "";
}

/** Makes a reader of messages whose payloads in a row are server-sent events, split anywhere. */
export function payloadBytes(): AwsReader {
  const parser = new SseParser();
  return (message) => {
    const failure = failureOf(message);
    if (!failure) return parser.push(message.payload);
    return [{ event: "", data: JSON.stringify({ error: { message: failure.message, type: failure.name } }) }];
  };
}

/** Source: Amazon Bedrock Runtime API, ResponseStream; Anthropic API, "Errors". */
const anthropicTypes: Readonly<Record<string, string>> = {
  validationException: "invalid_request_error",
  throttlingException: "rate_limit_error",
  modelTimeoutException: "timeout_error",
  serviceUnavailableException: "overloaded_error",
};

type Failure = { readonly name: string; readonly message: string };

/** An exception that the service models, or an error it does not, either of which ends the stream. */
function failureOf({ headers, payload }: AwsMessage): Failure | undefined {
  const kind = headers.get(":message-type");
  if (kind === "error") {
    return { name: headers.get(":error-code") ?? "error", message: headers.get(":error-message") ?? "" };
  }
  if (kind !== "exception") return undefined;
  const body = parsed(payload.toString("utf8"));
  const message = isRecord(body) ? (textOf(body.message) ?? textOf(body.Message)) : undefined;
  return { name: headers.get(":exception-type") ?? "exception", message: message ?? "" };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What is not JSON carries nothing that is looked for here.
    return undefined;
  }
}
