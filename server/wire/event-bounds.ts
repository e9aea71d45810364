const LF = 10;
const CR = 13;

/** The index after the last whole server-sent event in these bytes; 0 when none has ended. */
export function lastEventEnd(bytes: Buffer): number {
  const length = bytes.length;
  if (length >= 2 && bytes[length - 1] === LF && bytes[length - 2] === LF) return length;
  for (let at = length; at > 1; ) {
    const newline = Math.max(bytes.lastIndexOf(LF, at - 1), bytes.lastIndexOf(CR, at - 1));
    if (newline < 1) return 0;
    if (endsEvent(bytes, newline)) {
      // A CR may yet turn out to be the first half of a CRLF.
      return bytes[newline] === CR && bytes[newline + 1] === LF ? newline + 2 : newline + 1;
    }
    at = newline;
  }
  return 0;
}

/** The index after each event, in order; the last one is the end of the bytes. */
export function eventEnds(bytes: Buffer): number[] {
  const ends: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    if ((bytes[at] !== LF && bytes[at] !== CR) || !endsEvent(bytes, at)) continue;
    if (bytes[at] === CR && bytes[at + 1] === LF) at++;
    ends.push(at + 1);
  }
  if (ends.at(-1) !== bytes.length) ends.push(bytes.length);
  return ends;
}

/** Whether the line end at `at` closes an empty line: a line end stands right before it. */
function endsEvent(bytes: Buffer, at: number): boolean {
  const byte = bytes[at];
  const before = bytes[at - 1];
  if (byte === LF) return before === LF || (before === CR && (bytes[at - 2] === LF || bytes[at - 2] === CR));
  return byte === CR && (before === LF || before === CR);
}
