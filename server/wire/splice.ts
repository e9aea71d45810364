const QUOTE = 34;
const BACKSLASH = 92;
const COLON = 58;
const COMMA = 44;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;

/** Strings up to this length are read through byte by byte; for longer ones the search that is native is worth its call. */
const SHORT_STRING = 48;

/** A field: its name with both quotes from `from` to `nameEnd`, and its value from `start` to `end`. */
type Span = { readonly from: number; readonly nameEnd: number; readonly start: number; readonly end: number };

/**
 * Sets top-level fields of a JSON object in its own bytes: every other byte stays as the caller wrote it, so that large
 * numbers, key order and white space reach the upstream untouched. `bytes` must be a valid JSON object; `fields` maps a
 * name to the JSON text of its new value, or to null to leave the field out. A field that occurs several times is replaced
 * each time.
 */
export function spliceJson(bytes: Buffer, fields: Readonly<Record<string, string | null>>): Buffer {
  const removed = Object.keys(fields).filter((name) => fields[name] === null);
  if (removed.length > 0) {
    const left = withoutFields(bytes, removed);
    return setFields(
      left,
      Object.fromEntries(Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : [[name, value]]))),
    );
  }
  return setFields(bytes, fields);
}

function withoutFields(bytes: Buffer, names: readonly string[]): Buffer {
  const spans = topLevelFields(bytes);
  const kept = spans.filter((span) => !names.some((name) => isNamed(bytes, span, name)));
  if (kept.length === spans.length) return bytes;
  const parts = kept.flatMap(({ from, end }, index) => [
    Buffer.from(index === 0 ? "{" : ","),
    bytes.subarray(from, end),
  ]);
  return Buffer.concat([...(parts.length === 0 ? [Buffer.from("{")] : parts), Buffer.from("}")]);
}

function setFields(bytes: Buffer, fields: Readonly<Record<string, string | null>>): Buffer {
  const parts: Buffer[] = [];
  const names = Object.keys(fields);
  let missing = names;
  let copied = 0;
  let lastEnd = -1;
  for (const span of topLevelFields(bytes)) {
    const { start, end } = span;
    lastEnd = end;
    const name = names.find((one) => isNamed(bytes, span, one));
    const value = name === undefined ? undefined : fields[name];
    if (value === undefined || value === null) continue;
    missing = missing.filter((one) => one !== name);
    const wanted = Buffer.from(value);
    if (bytes.subarray(start, end).equals(wanted)) continue;
    parts.push(bytes.subarray(copied, start), wanted);
    copied = end;
  }
  if (missing.length > 0) {
    const added = missing.map((name) => `${JSON.stringify(name)}:${fields[name] ?? "null"}`).join(",");
    const at = lastEnd === -1 ? bytes.indexOf(OPEN_BRACE) + 1 : lastEnd;
    parts.push(bytes.subarray(copied, at), Buffer.from(lastEnd === -1 ? added : `,${added}`));
    copied = at;
  }
  if (parts.length === 0) return bytes;
  parts.push(bytes.subarray(copied));
  return Buffer.concat(parts);
}

/** Where the value of each top-level field stands. */
function topLevelFields(bytes: Buffer): Span[] {
  const spans: Span[] = [];
  let depth = 0;
  let nameEnd = -1;
  let from = 0;
  let start = -1;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      const end = stringEnd(bytes, at);
      if (depth === 1 && nameEnd === -1) {
        nameEnd = end;
        from = at;
      } else if (start === -1) start = at;
      at = end - 1;
    } else if (byte === COLON && depth === 1 && start === -1) continue;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (depth === 1 && start === -1) start = at;
      depth++;
    } else if ((byte === COMMA && depth === 1) || (byte === CLOSE_BRACE && depth === 1)) {
      if (nameEnd !== -1 && start !== -1) spans.push({ from, nameEnd, start, end: trimEnd(bytes, at) });
      nameEnd = -1;
      start = -1;
      if (byte === CLOSE_BRACE) break;
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
    else if (depth === 1 && start === -1 && byte !== undefined && byte > 32) start = at;
  }
  return spans;
}

/** The index after a string's closing quote; `from` is its opening one. */
function stringEnd(bytes: Buffer, from: number): number {
  const near = Math.min(bytes.length, from + SHORT_STRING);
  let at = from + 1;
  for (; at < near; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at++;
  }
  return at >= bytes.length ? bytes.length : longStringEnd(bytes, at);
}

/** The same for one that goes on at `from`, where no escape is open. */
function longStringEnd(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const quote = bytes.indexOf(QUOTE, at);
    if (quote === -1) return bytes.length;
    let slashes = 0;
    while (quote - slashes > from && bytes[quote - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

/** A name may be written with escapes, as `"\u006dodel"`; to the upstream it is the same field. */
function isNamed(bytes: Buffer, { from, nameEnd }: Span, name: string): boolean {
  const end = nameEnd - 1;
  let at = from + 1;
  for (let index = 0; index < name.length; index++, at++) {
    const byte = at < end ? bytes[at] : undefined;
    if (byte === BACKSLASH || (byte !== undefined && byte > 127))
      return JSON.parse(bytes.toString("utf8", from, nameEnd)) === name;
    if (byte !== name.charCodeAt(index)) return false;
  }
  return at === end;
}

function trimEnd(bytes: Buffer, end: number): number {
  let at = end;
  while (at > 0 && (bytes[at - 1] ?? 33) <= 32) at--;
  return at;
}
