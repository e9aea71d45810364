/** The shortest run of base64 that is taken for a file, such as an image in a body; words and ids are shorter. */
const SHORTEST = 2_048;

const isBase64 = new Uint8Array(256);
for (const sign of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-")
  isBase64[sign.charCodeAt(0)] = 1;

const none: readonly number[] = [];

/** The lengths of the files in base64 that a body holds. */
export function base64Runs(bytes: Buffer): readonly number[] {
  let found: number[] | undefined;
  let from = 0;
  // A run covers one of any bytes that lie its own length apart, so of a text only those are looked at.
  for (let at = SHORTEST - 1; at < bytes.length; at += SHORTEST) {
    if (isBase64[bytes[at] ?? 0] === 0) continue;
    let start = at;
    while (start > from && isBase64[bytes[start - 1] ?? 0] === 1) start--;
    let end = at + 1;
    while (end < bytes.length && isBase64[bytes[end] ?? 0] === 1) end++;
    if (end - start >= SHORTEST) {
      found ??= [];
      found.push(end - start);
    }
    from = end;
    at = end;
  }
  return found ?? none;
}
