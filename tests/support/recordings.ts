import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The folder of recorded vendor traffic; it is not part of the project, and tests over it fail where it is missing. */
export const recordingsDir = process.env.RECORDINGS_DIR ?? join(import.meta.dirname, "../../../shared/recordings");

/** A recorded whole answer, as its text. */
export function recordedBody(path: string): string {
  return readFileSync(join(recordingsDir, `${path}.json`), "utf8");
}

/** The payloads of a recorded stream, in order. */
export function recordedEvents(path: string): { type: string }[] {
  const text = readFileSync(join(recordingsDir, `${path}.chunks.txt`), "utf8");
  return text.split("\n").flatMap((line) => (line.trim() === "" ? [] : [JSON.parse(line)]));
}
