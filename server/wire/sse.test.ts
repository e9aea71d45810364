import { describe, expect, test } from "vitest";
import { type ServerSentEvent, SseParser } from "@/server/wire/sse";

/** All events of a stream that arrives in chunks of this many bytes. */
function parse(stream: string | Buffer, size = Number.POSITIVE_INFINITY): ServerSentEvent[] {
  const bytes = Buffer.from(stream);
  const parser = new SseParser();
  const events: ServerSentEvent[] = [];
  for (let at = 0; at < bytes.length; at += size) events.push(...parser.push(bytes.subarray(at, at + size)));
  return events;
}

function data(...lines: string[]): ServerSentEvent[] {
  return lines.map((line) => ({ event: "", data: line }));
}

/** [what it is, the stream, its events] */
const streams: [string, string, ServerSentEvent[]][] = [
  ["one event", "data: a\n\n", data("a")],
  ["several events", "data: a\n\ndata: b\n\ndata: [DONE]\n\n", data("a", "b", "[DONE]")],
  ["CRLF", "data: a\r\n\r\ndata: b\r\n\r\n", data("a", "b")],
  ["CR", "data: a\r\rdata: b\r\r", data("a", "b")],
  ["mixed line ends", "data: a\r\n\ndata: b\r\n\rdata: c\n\r\n", data("a", "b", "c")],
  ["a named event", "event: ping\ndata: {}\n\ndata: x\n\n", [{ event: "ping", data: "{}" }, ...data("x")]],
  ["a name without data is no event, and names no other", "event: ping\n\ndata: x\n\n", data("x")],
  ["several data lines", "data: a\ndata: b\ndata:\n\n", data("a\nb\n")],
  ["an empty data line is an event", "data\n\ndata:\n\n", data("", "")],
  ["one space is taken away, others stay", "data:a\n\ndata:  b \n\n", data("a", " b ")],
  ["comments and unknown fields", ": keep-alive\n\nid: 7\nretry: 10\n:\ndata: a\nfoo: bar\n\n", data("a")],
  ["a field without a colon", "nonsense\ndata: a\n\n", data("a")],
  ["colons in the value", "data: a: b:c\n\n", data("a: b:c")],
  ["a byte order mark at the start", "\uFEFFdata: a\n\n", data("a")],
  ["a byte order mark elsewhere is part of the text", "data: \uFEFFa\n\n", data("\uFEFFa")],
  ["characters of two, three and four bytes", "data: é€😀\n\n", data("é€😀")],
  ["an event that the end cuts off", "data: a\n\ndata: b\n", data("a")],
  ["nothing", "", []],
];

describe("SseParser", () => {
  test.each(streams)("%s, in chunks of every size", (_name, stream, events) => {
    for (let size = 1; size <= Buffer.byteLength(stream) + 1; size++) {
      expect({ size, events: parse(stream, size) }).toEqual({ size, events });
    }
  });

  test("a whole event is reported by the chunk that ends it, also where that chunk ends with a CR", () => {
    const parser = new SseParser();
    expect(parser.push(Buffer.from("data: a\r"))).toEqual([]);
    expect(parser.push(Buffer.from("\n\r"))).toEqual(data("a"));
    expect(parser.push(Buffer.from("\ndata: b\n\n"))).toEqual(data("b"));
  });

  test("a chunk's memory may be used again by who gave it", () => {
    const parser = new SseParser();
    const chunk = Buffer.from("data: hel");
    parser.push(chunk);
    chunk.fill("x");
    expect(parser.push(Buffer.from("lo\n\n"))).toEqual(data("hello"));
  });

  test("takes any bytes, not only Buffers", () => {
    expect(new SseParser().push(new TextEncoder().encode("data: a\n\n"))).toEqual(data("a"));
  });

  test("a large event in one-byte chunks and one of several megabytes in network-sized ones", () => {
    for (const size of [1, 1448, 65_536]) {
      const text = "ß1".repeat(size === 1 ? 100_000 : 1_000_000);
      const events = parse(`data: ${text}\n\n`, size);
      expect(events.length === 1 && events[0]?.data === text).toBe(true);
    }
  });

  test("an event in thousands of chunks takes time by its size, not by its square", () => {
    const bytes = Buffer.from(`data: ${"x".repeat(8_000_000)}\n\n`);
    const begun = performance.now();
    parse(bytes, 1000);
    // Copying what has come so far with every chunk moves 32 GB, which takes many seconds on any machine.
    expect(performance.now() - begun).toBeLessThan(2_500);
  });

  test("an event above 16 MiB is refused, in one line, in many, and in lines without text", () => {
    const million = "x".repeat(1024 * 1024);
    expect(() => parse(`data: ${million.repeat(17)}\n\n`, 65_536)).toThrow(RangeError);
    expect(() => parse(`data: ${million.repeat(17)}\n\n`)).toThrow(RangeError);
    expect(() => parse(`data: ${million}\n`.repeat(17), 65_536)).toThrow(RangeError);
    expect(() => parse("data\n".repeat(600_000), 65_536)).toThrow(RangeError);
    expect(parse(`data: ${million.repeat(15)}\n\n`.repeat(2), 65_536)).toHaveLength(2);
  });
});
