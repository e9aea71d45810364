import { isRecord } from "@/server/wire/json";

/** What lies at a path inside a JSON value; undefined where the path leads nowhere. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let found = value;
  for (const step of path) {
    if (typeof step === "number") found = Array.isArray(found) ? found.at(step) : undefined;
    else found = isRecord(found) ? found[step] : undefined;
  }
  return found;
}

/** The text at a path, "" where there is none. */
export function text(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  return typeof found === "string" ? found : "";
}

/** The list at a path, empty where there is none. */
export function list(value: unknown, ...path: readonly (string | number)[]): readonly unknown[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The number at a path; undefined where there is none. */
export function number(value: unknown, ...path: readonly (string | number)[]): number | undefined {
  const found = at(value, ...path);
  return typeof found === "number" ? found : undefined;
}

/** A text of JSON as its value; the text itself where it is none. */
export function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    if (error instanceof SyntaxError) return json;
    throw error;
  }
}

/** The events of a stream of server-sent events, as their values. */
export function events(stream: string): unknown[] {
  return stream.split("\n").flatMap((line) => (line.startsWith("data: ") ? [parsed(line.slice(6))] : []));
}

/** A text in two, so that a stream has something to put together. */
export function halves(whole: string): string[] {
  const middle = Math.ceil(whole.length / 2);
  return [whole.slice(0, middle), whole.slice(middle)];
}
