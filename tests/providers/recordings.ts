import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { type ServerSentEvent, SseParser } from "@/server/wire/sse";
import { recordingsDir as root } from "@/tests/support/recordings";

/** The recordings of a folder by name, below the recordings' root, in order. Throws when there are none. */
export function recordings(folder: string, pattern: RegExp): string[] {
  const path = join(root, folder);
  if (!existsSync(path)) {
    throw new Error(`Recorded vendor traffic is missing: ${path} does not exist. Set RECORDINGS_DIR to where it lies.`);
  }
  const files = readdirSync(path, { withFileTypes: true }).filter(
    (entry) => entry.isFile() && pattern.test(entry.name),
  );
  if (files.length === 0) throw new Error(`No recording in ${path} matches ${pattern}.`);
  return files.map((entry) => relative(root, join(path, entry.name))).sort();
}

/** A whole answer's body. */
export function recordedBody(name: string): unknown {
  return JSON.parse(readFileSync(join(root, name), "utf8"));
}

/** A recording as it lies on disk. */
export function recordedBytes(name: string): Buffer {
  return readFileSync(join(root, name));
}

/** The payloads of a recorded stream, one an event. */
export function recordedLines(name: string): string[] {
  return readFileSync(join(root, name), "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "");
}

/** The events of a stream that arrives in these chunks. */
export function eventsOf(...chunks: Uint8Array[]): ServerSentEvent[] {
  const parser = new SseParser();
  return chunks.flatMap((chunk) => parser.push(chunk));
}

/** Up to this size a stream is cut at every byte. */
const SMALL_BYTES = 8192;
/** Of a larger one every byte of so many at both ends is a cut, and between them every 997th, a prime. */
const EDGE_BYTES = 2048;
const STRIDE_BYTES = 997;

/** The offsets at which a cut in two changes what is read, and "1-byte chunks" when those do; empty as it should be. */
export function brokenCuts(stream: Buffer): (number | string)[] {
  const whole = eventsOf(stream);
  const broken: (number | string)[] = [];
  for (let at = 1; at < stream.length; at = nextCut(at, stream.length)) {
    if (!same(eventsOf(stream.subarray(0, at), stream.subarray(at)), whole)) broken.push(at);
  }
  const bytes = Array.from(stream, (_byte, at) => stream.subarray(at, at + 1));
  if (!same(eventsOf(...bytes), whole)) broken.push("1-byte chunks");
  return broken;
}

function nextCut(at: number, length: number): number {
  if (length <= SMALL_BYTES || at < EDGE_BYTES || at >= length - EDGE_BYTES) return at + 1;
  return Math.min(at + STRIDE_BYTES, length - EDGE_BYTES);
}

function same(left: readonly ServerSentEvent[], right: readonly ServerSentEvent[]): boolean {
  return (
    left.length === right.length &&
    left.every((event, index) => event.data === right[index]?.data && event.event === right[index]?.event)
  );
}
