import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { type ServerSentEvent, SseParser } from "@/server/wire/sse";
import { recordingsDir as root } from "@/tests/support/recordings";

/** The recordings of a folder by name, below the recordings' root, in order. Throws when there are none. */
export function recordings(folder: string, pattern: RegExp): string[] {
  const path = there(folder);
  const files = readdirSync(path, { withFileTypes: true }).filter(
    (entry) => entry.isFile() && pattern.test(entry.name),
  );
  if (files.length === 0) throw new Error(`No recording in ${path} matches ${pattern}.`);
  return files.map((entry) => relative(root, join(path, entry.name))).sort();
}

/** A recording as it lies on disk. */
export function recordedText(name: string): string {
  return readFileSync(there(name), "utf8");
}

/** These tests do not pass over what is missing. */
function there(name: string): string {
  const path = join(root, name);
  if (existsSync(path)) return path;
  throw new Error(`Recorded vendor traffic is missing: ${path} does not exist. Set RECORDINGS_DIR to where it lies.`);
}

/** A whole answer's body. */
export function recordedBody(name: string): unknown {
  return JSON.parse(recordedText(name));
}

/** The payloads of a recorded stream, one an event. */
export function recordedLines(name: string): string[] {
  return recordedText(name)
    .split("\n")
    .filter((line) => line.trim() !== "");
}

/** The events of a stream that arrives in these chunks. */
export function eventsOf(chunks: Iterable<Uint8Array>): ServerSentEvent[] {
  const parser = new SseParser();
  const events: ServerSentEvent[] = [];
  for (const chunk of chunks) events.push(...parser.push(chunk));
  return events;
}

/** Windows up to this size are cut at every byte. */
const SMALL_BYTES = 8192;
/** Of a larger one every byte of so many at both ends is a cut, and between them every 97th, a prime. */
const EDGE_BYTES = 1024;
const WINDOW_STRIDE_BYTES = 97;
/** The stream as a whole is cut at every 997th byte, a prime too. */
const STREAM_STRIDE_BYTES = 997;

/**
 * The cuts in two that change what is read of a stream, given as the bytes of its events; empty as it should be. Between
 * two events a parser remembers nothing, so every byte is a cut in a window of two events; the stream as a whole is cut at
 * a stride, and at every byte at once.
 */
export function brokenCuts(events: readonly Buffer[]): string[] {
  const broken: string[] = [];
  for (let first = 0; first < events.length; first += 2) {
    const window = Buffer.concat(events.slice(first, first + 2));
    broken.push(...brokenAt(window, cutsOf(window.length)).map((at) => `byte ${at} from event ${first} on`));
  }
  const stream = Buffer.concat(events);
  const strides = Array.from({ length: Math.floor(stream.length / STREAM_STRIDE_BYTES) }, (_none, index) => index + 1);
  broken.push(
    ...brokenAt(
      stream,
      strides.map((stride) => stride * STREAM_STRIDE_BYTES),
    ).map((at) => `byte ${at}`),
  );
  if (!same(eventsOf(bytesOf(stream)), eventsOf([stream]))) broken.push("1-byte chunks");
  return broken;
}

function brokenAt(stream: Buffer, cuts: readonly number[]): number[] {
  const whole = eventsOf([stream]);
  return cuts.filter((at) => !same(eventsOf([stream.subarray(0, at), stream.subarray(at)]), whole));
}

function cutsOf(length: number): number[] {
  const cuts = Array.from({ length: Math.max(0, length - 1) }, (_none, index) => index + 1);
  if (length <= SMALL_BYTES) return cuts;
  return cuts.filter((at) => at <= EDGE_BYTES || at >= length - EDGE_BYTES || at % WINDOW_STRIDE_BYTES === 0);
}

function* bytesOf(stream: Buffer): Generator<Uint8Array> {
  for (let at = 0; at < stream.length; at++) yield stream.subarray(at, at + 1);
}

function same(left: readonly ServerSentEvent[], right: readonly ServerSentEvent[]): boolean {
  return (
    left.length === right.length &&
    left.every((event, index) => event.data === right[index]?.data && event.event === right[index]?.event)
  );
}
