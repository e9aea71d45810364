/** The columns of the matrix. */
export const features = [
  "text",
  "stream",
  "tools",
  "stream tools",
  "image",
  "reasoning",
  "structured",
  "usage",
  "error",
] as const;
export type Feature = (typeof features)[number];

/** What a vendor does with one request, whatever its dialect. */
export type Play = "text" | "tools" | "results" | "reasoning" | "structured" | "rejected" | "limited" | "cut";

/** A tool call, its input read. */
export type Call = { id: string; name: string; input: unknown };

/** Tokens as totals: `cached` are a part of `input`, `reasoning` of `output`; undefined where the dialect cannot say it. */
export type Tokens = {
  input: number | undefined;
  cached: number | undefined;
  output: number | undefined;
  reasoning: number | undefined;
};

/** What an answer says, in any dialect. */
export type Said = {
  text: string;
  reasoning: string;
  calls: Call[];
  /** In the words of OpenAI's chat. */
  finish: string | undefined;
  tokens: Tokens | undefined;
};

/** What a vendor was asked, as its dialect has it. */
export type Asked = {
  /** Every text of the request's turns. */
  prompt: string;
  tools: readonly string[];
  /** Images in base64. */
  images: readonly string[];
  /** Whatever says how much to reason. */
  effort: unknown;
  /** The schema of a structured answer. */
  schema: unknown;
  /** What the tools gave, in order. */
  results: readonly string[];
};

export const TEXT = "Grüße aus Paris 👋";
export const THOUGHT = "The capital of France, then.";
export const STRUCTURED = '{"capital":"Paris"}';
export const LOOKING = "Let me look.";
/** Two calls at once; the second has no arguments. */
export const CALLS: readonly Call[] = [
  { id: "call_7a", name: "weather", input: { city: "Zürich" } },
  { id: "call_7b", name: "clock", input: {} },
];
/** What the caller's tools give. */
export const RESULTS = ["18 °C", "12:00"] as const;
/** The smallest PNG. */
export const IMAGE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
export const REFUSAL = "The field banana is not a fruit of ours.";

export const schema = {
  type: "object",
  properties: { capital: { type: "string", description: "The capital's name." } },
  required: ["capital"],
  additionalProperties: false,
} as const;

export const tools = [
  {
    name: "weather",
    description: "Tells the weather.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
  { name: "clock", description: "Tells the time.", parameters: { type: "object", properties: {} } },
] as const;

/** The vendor's tokens in disjoint classes. */
export const USED = { fresh: 12, cached: 8, seen: 4, reasoning: 3 } as const;

/** What an answer holds of what the vendor was told to play. */
export function lines(play: Play): { thought: string; text: string; calls: readonly Call[] } {
  return {
    thought: play === "reasoning" ? THOUGHT : "",
    text: play === "structured" ? STRUCTURED : play === "tools" ? LOOKING : TEXT,
    calls: play === "tools" ? CALLS : [],
  };
}
