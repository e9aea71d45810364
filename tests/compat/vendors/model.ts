import { isRecord } from "@/server/wire/json";

/** What a vendor understood of one request, whatever its dialect. */
export type Heard = {
  readonly stream: boolean;
  /** What the user said last. */
  readonly prompt: string;
  readonly system: string;
  readonly tools: readonly Tool[];
  /** The tool that has to be called, or `true` where any one has to be. */
  readonly forced?: string | boolean | undefined;
  /** What the user's tools gave since the user last spoke, each with the call it answers. */
  readonly results: readonly Result[];
  readonly pictures: readonly { type: string; bytes: number }[];
  /** The JSON schema that the answer must have. */
  readonly schema?: unknown;
  /** Whether the model shall show its thinking. */
  readonly thinks: boolean;
  /** Whether what it signed in the turn before came back. */
  readonly signed?: boolean;
};

export type Tool = { readonly name: string; readonly schema: unknown };
export type Result = { readonly name: string; readonly args: unknown; readonly result: string };
export type Call = { readonly name: string; readonly args: object };

/** What the model answers. */
export type Said = { readonly thinking?: string; readonly text?: string; readonly calls?: readonly Call[] };

/** Tokens that every vendor counts for every answer. */
export const tokens = { input: 11, output: 5 } as const;

/** The model behind every vendor: what it says follows from all that reached it. */
export function think(heard: Heard): Said {
  const thinking = heard.thinks ? { thinking: "Let me see what they want." } : {};
  const forced = heard.tools.find(({ name }) => name === heard.forced || heard.forced === true);
  if (forced && forced.name !== "weather")
    return { calls: [{ name: forced.name, args: object(instance(forced.schema)) }] };
  if (heard.results.length > 0) {
    const told = heard.results.map(({ args, result }) => `${isRecord(args) ? String(args.city) : "?"}: ${result}`);
    return { text: `${told.join("; ")}.` };
  }
  if (heard.schema !== undefined) return { ...thinking, text: JSON.stringify(instance(heard.schema)) };
  if (heard.pictures.length > 0)
    return { text: heard.pictures.map(({ type, bytes }) => `A ${type} of ${bytes} bytes.`).join(" ") };
  const cities = heard.prompt.match(/\b(?:Paris|Rome|Köln)\b/g) ?? [];
  if (cities.length > 0 && heard.tools.some(({ name }) => name === "weather"))
    return { ...thinking, calls: cities.map((city) => ({ name: "weather", args: { city } })) };
  return { ...thinking, text: `${heard.system ? `[${heard.system}] ` : ""}You said: ${heard.prompt}` };
}

/** A value of a JSON schema. */
function instance(schema: unknown): unknown {
  if (!isRecord(schema)) return null;
  const type = String(schema.type).toLowerCase();
  if (type === "object") {
    const properties = isRecord(schema.properties) ? schema.properties : {};
    return Object.fromEntries(Object.entries(properties).map(([name, of]) => [name, instance(of)]));
  }
  if (type === "array") return [instance(schema.items)];
  return { string: "Paris", number: 20, integer: 20, boolean: true }[type] ?? null;
}

function object(value: unknown): object {
  return isRecord(value) ? value : {};
}
