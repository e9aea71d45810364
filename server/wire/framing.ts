import { AwsEventParser, chunkEvents, payloadBytes, typedEvent } from "@/server/wire/aws-event-stream";
import { JsonBodyParser } from "@/server/wire/json-body";
import { NdjsonParser } from "@/server/wire/ndjson";
import { type ServerSentEvent, SseParser } from "@/server/wire/sse";

/**
 * How an upstream frames the events of a stream:
 * - `sse`: server-sent events.
 * - `ndjson`: one JSON value a line; `event` is "".
 * - `json-body`: nothing is streamed; the whole body is the only event.
 * - `aws-event-stream`: AWS's binary messages; `event` is the message's type, or the exception's name, `data` its JSON.
 * - `aws-chunks`: such messages, of which each holds one JSON event in base64; `event` is that event's `type`. An exception
 *   becomes the event `error` as Anthropic writes it.
 * - `aws-sse`: such messages, whose bytes in a row are a stream of server-sent events. An exception becomes a last event
 *   `{"error": {…}}` as OpenAI writes it.
 */
export type Framing = "sse" | "ndjson" | "json-body" | "aws-event-stream" | "aws-chunks" | "aws-sse";

/**
 * Takes one stream's bytes apart, in chunks cut anywhere. `push` gives the events that are whole now; it throws a RangeError
 * for one larger than 16 MiB, and `upstream_garbled` for bytes that are not in this framing. What the stream's end cuts short
 * is not reported.
 */
export type FrameParser = { push(chunk: Uint8Array): ServerSentEvent[] };

/** Makes a parser for one stream. */
export function frameParser(framing: Framing = "sse"): FrameParser {
  switch (framing) {
    case "sse":
      return new SseParser();
    case "ndjson":
      return new NdjsonParser();
    case "json-body":
      return new JsonBodyParser();
    case "aws-event-stream":
      return new AwsEventParser(typedEvent);
    case "aws-chunks":
      return new AwsEventParser(chunkEvents);
    case "aws-sse":
      return new AwsEventParser(payloadBytes());
    default:
      return framing satisfies never;
  }
}
