import type { Field, Shape } from "./shape";

/** One operation of an API, ready to be shown. */
export type Operation = {
  /** Unique on the page; the address names it after the hash. */
  id: string;
  group: string;
  method: string;
  /** From the server's root, with `{name}` for parameters. */
  path: string;
  summary: string;
  about?: string;
  /** Who may ask: a virtual key, the backend key, or anybody. */
  key: "virtual" | "backend" | "none";
  parameters: readonly (Field & { in: string })[];
  body: Shape | undefined;
  answer: Shape | undefined;
  answerNote?: string;
  /** A body that works, or nearly so. */
  example?: unknown;
};

/** A command line that makes the request, with the names of what has to be filled in. */
export function curlOf(operation: Operation, origin: string): string {
  const { method, path, key, parameters, body } = operation;
  const query = parameters.filter((one) => one.in === "query" && one.required).map(({ name }) => `${name}=…`);
  const url = `${origin}${path.replace(/\{(\w+)\}/g, (_all, name: string) => `$${nameOfVariable(name)}`)}`;
  const lines = [`curl ${method === "GET" ? "" : `-X ${method} `}"${url}${query.length ? `?${query.join("&")}` : ""}"`];
  if (key !== "none") lines.push(`-H "Authorization: Bearer $${key === "virtual" ? "CONDUIT_KEY" : "BACKEND_KEY"}"`);
  const example = operation.example ?? (body && exampleOf(body.fields));
  if (example !== undefined) {
    // A single quote inside a single-quoted shell word: end it, add an escaped one, begin again.
    const text = JSON.stringify(example, null, 2).replaceAll("\n", "\n  ").replaceAll("'", String.raw`'\''`);
    lines.push('-H "Content-Type: application/json"', `-d '${text}'`);
  }
  return lines.join(" \\\n  ");
}

function nameOfVariable(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, "$1_$2").toUpperCase();
}

/** The fields that must be there, each with a value of its type; one optional field when none must. */
function exampleOf(fields: readonly Field[]): Record<string, unknown> {
  const required = fields.filter((field) => field.required);
  const shown = required.length > 0 ? required : fields.slice(0, 1);
  return Object.fromEntries(shown.map((field) => [field.name, sampleOf(field)]));
}

function sampleOf({ type, name, fields }: Field): unknown {
  const [first = type] = type.split(" or ");
  if (first.startsWith('"') || first === "true" || first === "false") return JSON.parse(first);
  if (first.startsWith("array of object")) return [exampleOf(fields)];
  if (first.startsWith("array of")) return [sampleOf({ name, fields, type: first.slice(9), note: "", required: true })];
  if (first === "object") return exampleOf(fields);
  if (first.startsWith("map of")) return {};
  if (first === "integer" || first === "number") return 1;
  if (first === "boolean") return true;
  if (first === "date-time") return "2027-01-31T12:00:00Z";
  if (first === "uuid") return "00000000-0000-0000-0000-000000000000";
  return /usd$/i.test(name) ? "5.00" : "…";
}
