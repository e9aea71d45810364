import { describe, expect, test } from "vitest";
import { type Framing, frameParser } from "@/server/wire/framing";
import type { ServerSentEvent } from "@/server/wire/sse";
import { eventMessage, exceptionMessage, message } from "@/tests/wire/event-stream";

function read(framing: Framing, ...chunks: Uint8Array[]): ServerSentEvent[] {
  const parser = frameParser(framing);
  return chunks.flatMap((chunk) => parser.push(chunk));
}

function expectSameHoweverCut(framing: Framing, stream: Buffer, events: readonly ServerSentEvent[]): void {
  expect(read(framing, stream)).toEqual(events);
  expect(read(framing, ...Array.from(stream, (byte) => Uint8Array.of(byte)))).toEqual(events);
  for (let at = 1; at < stream.length; at++) {
    expect(read(framing, stream.subarray(0, at), stream.subarray(at)), `cut at byte ${at}`).toEqual(events);
  }
}

const garbled = expect.objectContaining({ kind: "upstream_garbled" });

function chunk(event: object, indent?: number): Buffer {
  const bytes = Buffer.from(JSON.stringify(event, null, indent)).toString("base64");
  return eventMessage("chunk", JSON.stringify({ bytes, p: "abcdef" }));
}

describe("however the bytes are cut, the same events are read", () => {
  test("sse", () => {
    const stream = Buffer.from('event: a\r\ndata: {"text":"Grüße"}\r\n\r\ndata: [DONE]\n\n');
    expectSameHoweverCut("sse", stream, [
      { event: "a", data: '{"text":"Grüße"}' },
      { event: "", data: "[DONE]" },
    ]);
  });

  test("ndjson, with CRLF and blank lines", () => {
    const stream = Buffer.from('{"text":"Grüße 🙂"}\r\n\n  \n{"done":true}\n{"cut":');
    expectSameHoweverCut("ndjson", stream, [
      { event: "", data: '{"text":"Grüße 🙂"}' },
      { event: "", data: '{"done":true}' },
    ]);
  });

  test("aws-event-stream, with an empty payload", () => {
    const stream = Buffer.concat([
      eventMessage("contentBlockDelta", '{"delta":{"text":"Grüße"}}'),
      eventMessage("empty", ""),
      eventMessage("messageStop", '{"stopReason":"end_turn"}'),
    ]);
    expectSameHoweverCut("aws-event-stream", stream, [
      { event: "contentBlockDelta", data: '{"delta":{"text":"Grüße"}}' },
      { event: "empty", data: "" },
      { event: "messageStop", data: '{"stopReason":"end_turn"}' },
    ]);
  });

  test("aws-chunks", () => {
    const start = { type: "message_start", message: { id: "msg_ü" } };
    const stream = Buffer.concat([chunk(start), eventMessage("other", "{}"), chunk({ type: "message_stop" })]);
    expectSameHoweverCut("aws-chunks", stream, [
      { event: "message_start", data: JSON.stringify(start) },
      { event: "message_stop", data: '{"type":"message_stop"}' },
    ]);
  });

  test("aws-chunks, with an event written over several lines that does not begin with its type", () => {
    const [event, ...more] = read("aws-chunks", chunk({ index: 0, type: "content_block_stop" }, 2));
    expect(more).toEqual([]);
    expect(event?.event).toBe("content_block_stop");
    expect(event?.data).not.toContain("\n");
    expect(JSON.parse(event?.data ?? "")).toEqual({ index: 0, type: "content_block_stop" });
  });

  test("aws-sse, whose messages end in the middle of a character", () => {
    const inner = Buffer.from('data: {"text":"Grüße"}\n\ndata: [DONE]\n\n');
    const parts = Array.from({ length: inner.length }, (_none, at) => inner.subarray(at, at + 1));
    const stream = Buffer.concat(parts.map((part) => eventMessage("PayloadPart", part)));
    const events = [
      { event: "", data: '{"text":"Grüße"}' },
      { event: "", data: "[DONE]" },
    ];
    expect(read("aws-sse", stream)).toEqual(events);
    expectSameHoweverCut(
      "aws-sse",
      Buffer.concat([
        eventMessage("PayloadPart", inner.subarray(0, 19)),
        eventMessage("PayloadPart", inner.subarray(19)),
      ]),
      events,
    );
  });
});

describe("a message of AWS's event stream", () => {
  // Made by the service itself, so that not only this project's own idea of the format is tested.
  const recorded =
    "AAAA3QAAAGfHkZB6DTptZXNzYWdlLXR5cGUHAAlleGNlcHRpb24POmV4Y2VwdGlvbi10eXBlBwAZbW9kZWxTdHJlYW1FcnJvckV4Y2VwdGlvbg06" +
    "Y29udGVudC10eXBlBwAQYXBwbGljYXRpb24vanNvbnsibWVzc2FnZSI6Ik1vZGVsIFN0cmVhbSBFcnJvciIsIm9yaWdpbmFsU3RhdHVzQ29kZSI6" +
    "NTAwLCJvcmlnaW5hbE1lc3NhZ2UiOiJUaGUgbW9kZWwgc3RyZWFtIGZhaWxlZC4ifVczQxM=";

  test("that reports an exception has its name and message", () => {
    expect(read("aws-event-stream", Buffer.from(recorded, "base64"))).toEqual([
      { event: "modelStreamErrorException", data: '{"message":"Model Stream Error"}' },
    ]);
  });

  test("that reports an error outside the model has its code", () => {
    const error = message({ ":message-type": "error", ":error-code": "InternalError", ":error-message": "Oh no" }, "");
    expect(read("aws-event-stream", error)).toEqual([{ event: "InternalError", data: '{"message":"Oh no"}' }]);
  });

  test.each([
    ["throttlingException", "rate_limit_error"],
    ["validationException", "invalid_request_error"],
    ["modelTimeoutException", "timeout_error"],
    ["serviceUnavailableException", "overloaded_error"],
    ["internalServerException", "api_error"],
  ])("in a stream of chunks: %s is an error event of type %s", (exception, type) => {
    const [event] = read("aws-chunks", exceptionMessage(exception, { message: "Too many" }));
    expect(event?.event).toBe("error");
    expect(JSON.parse(event?.data ?? "")).toEqual({ type: "error", error: { type, message: "Too many" } });
  });

  test("in a stream of server-sent events: an exception is a last event", () => {
    const [event] = read("aws-sse", exceptionMessage("ModelStreamError", { Message: "Gone" }));
    expect(JSON.parse(event?.data ?? "")).toEqual({ error: { message: "Gone", type: "ModelStreamError" } });
  });

  test("that was damaged is found at each of its bytes", () => {
    const whole = eventMessage("chunk", '{"a":1}');
    for (let at = 0; at < whole.length; at++) {
      const damaged = Buffer.from(whole);
      damaged.writeUInt8(damaged.readUInt8(at) ^ 0x40, at);
      expect(() => read("aws-event-stream", damaged), `byte ${at}`).toThrow(garbled);
    }
  });

  test("headers of every type are passed over, and one that is cut short is damage", () => {
    const head = Buffer.from([1, 97, 0, 1, 98, 1, 1, 99, 2, 5, 1, 100, 3, 0, 5, 1, 101, 4, 0, 0, 0, 5]);
    const rest = Buffer.concat([Buffer.from([1, 102, 5]), Buffer.alloc(8), Buffer.from([1, 103, 6, 0, 1, 9])]);
    const last = Buffer.concat([Buffer.from([1, 104, 8]), Buffer.alloc(8), Buffer.from([1, 105, 9]), Buffer.alloc(16)]);
    const type = Buffer.from("\u000b:event-type\u0007\u0000\u0004ping", "latin1");
    const all = Buffer.concat([head, rest, last, type]);
    expect(read("aws-event-stream", message(all, ""))).toEqual([{ event: "ping", data: "" }]);
    expect(() => read("aws-event-stream", message(Buffer.from([1, 97, 7, 0, 9, 1]), ""))).toThrow(garbled);
    expect(() => read("aws-event-stream", message(Buffer.from([1, 97, 77]), ""))).toThrow(garbled);
  });
});

test("a line or message beyond 16 MiB ends the stream", () => {
  expect(() => read("ndjson", Buffer.alloc(17 * 1024 * 1024, "a"))).toThrow(RangeError);
  const whole = eventMessage("a", Buffer.alloc(17 * 1024 * 1024));
  expect(() => read("aws-event-stream", whole.subarray(0, 12))).toThrow(RangeError);
});
