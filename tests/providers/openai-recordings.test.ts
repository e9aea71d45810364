import { describe, expect, test } from "vitest";
import { inputTokens, noUsage, outputTokens, type Usage, usageFromChat } from "@/server/wire/usage";
import { brokenCuts, eventsOf, recordedLines, recordedText, recordings } from "@/tests/providers/recordings";

/*
 * Vendors that speak OpenAI's chat are passed through: nothing decodes their answers. What must be right is that the events
 * are read whole however they are cut, and that the tokens that are billed are the vendor's.
 */

type Call = { index: number; id?: string; function?: { name?: string; arguments?: string } };
type Said = { content?: string | null; reasoning_content?: string; tool_calls?: Call[] };
type Chunk = {
  choices: { delta: Said; finish_reason?: string | null }[];
  usage?: Record<string, unknown> | null;
};
type Body = { choices: { message: Said; finish_reason: string }[]; usage: Record<string, unknown> };

const STREAM = /\.(chunks\.txt|sse)$/;
const folders: [string, RegExp][] = [
  ["openai/chat", /./],
  ["openai-compatible/chat", /./],
  ["deepseek/chat", /./],
  // Beside chat these hold transcriptions.
  ["groq", /^groq-tool-call/],
  ["mistral", /./],
  ["xai", /./],
  ["moonshotai", /./],
  ["alibaba", /./],
  ["perplexity", /./],
];
const names = folders.flatMap(([folder, pattern]) => recordings(folder, pattern));
const streams = names.filter((name) => STREAM.test(name));

/** A recorded stream in the vendor's framing, event by event. One has it still, without the blank line at the end, which the relay adds. */
function framed(name: string): Buffer[] {
  if (name.endsWith(".sse")) return `${recordedText(name)}\n`.split(/(?<=\n\n)/).map((event) => Buffer.from(event));
  return [...recordedLines(name), "[DONE]"].map((line) => Buffer.from(`data: ${line}\n\n`));
}

type Answer = {
  content: string;
  reasoning: string;
  calls: { id: string; name: string; input: unknown }[];
  finish: string | null;
  usage: Record<string, unknown> | null;
};

/** What a caller has of a stream, from what the parser read. */
function fromStream(name: string): Answer {
  const data = eventsOf(framed(name)).map((event) => event.data);
  expect(data.at(-1)).toBe("[DONE]");
  const chunks = data.slice(0, -1).map((text): Chunk => JSON.parse(text));
  const choices = chunks.flatMap((chunk) => chunk.choices);
  const calls = new Map<number, { id: string; name: string; args: string }>();
  for (const { index, id, function: called } of choices.flatMap(({ delta }) => delta.tool_calls ?? [])) {
    const call = calls.get(index) ?? { id: "", name: "", args: "" };
    call.id ||= id ?? "";
    call.name ||= called?.name ?? "";
    call.args += called?.arguments ?? "";
    calls.set(index, call);
  }
  return {
    content: choices.map(({ delta }) => delta.content ?? "").join(""),
    reasoning: choices.map(({ delta }) => delta.reasoning_content ?? "").join(""),
    calls: [...calls.values()].map(({ id, name: called, args }) => ({ id, name: called, input: JSON.parse(args) })),
    finish: choices.map((choice) => choice.finish_reason).findLast((reason) => reason) ?? null,
    usage: chunks.map((chunk) => chunk.usage).findLast((usage) => usage) ?? null,
  };
}

function fromBody(name: string): Answer {
  const { choices, usage }: Body = JSON.parse(recordedText(name));
  const message = choices[0]?.message;
  return {
    content: message?.content ?? "",
    reasoning: message?.reasoning_content ?? "",
    calls: (message?.tool_calls ?? []).map(({ id = "", function: called }) => ({
      id,
      name: called?.name ?? "",
      input: JSON.parse(called?.arguments ?? ""),
    })),
    finish: choices[0]?.finish_reason ?? null,
    usage,
  };
}

type Expected = {
  /** How the text begins and how long it is. */
  content?: [string, number];
  reasoning?: [string, number];
  calls?: { name: string; input: unknown }[];
  finish: string;
  usage: Partial<Usage>;
};

const weather = { name: "weather", input: { location: "San Francisco" } };

/** Read off the recordings by hand; in the usage of xAI the reasoning stands beside the completion's tokens. */
const expected: Record<string, Expected> = {
  "openai/chat/azure-model-router.1.chunks.txt": {
    content: ["Capital of Denmark.", 19],
    finish: "stop",
    usage: { input: 15, output: 14, reasoning: 64 },
  },
  "openai/chat/openai-text.chunks.txt": {
    content: ["**Holiday Name:** Harmony Day", 1724],
    finish: "stop",
    usage: { input: 16, output: 300 },
  },
  "openai/chat/openai-text.json": {
    content: ["**Holiday Name:** Galaxy Day", 1842],
    finish: "stop",
    usage: { input: 16, output: 363 },
  },
  // Its only tool call has the index 1, and it tells no usage.
  "openai-compatible/chat/anthropic-fallback-tool-call.sse": {
    content: ["Reading it.", 11],
    calls: [{ name: "read_file", input: { path: "a.txt" } }],
    finish: "tool_calls",
    usage: {},
  },
  "openai-compatible/chat/xai-tool-call.chunks.txt": {
    reasoning: ["First, the user is asking abou", 1069],
    calls: [weather],
    finish: "tool_calls",
    usage: { input: 1, cachedInput: 306, output: 26, reasoning: 227 },
  },
  "openai-compatible/chat/xai-tool-call.json": {
    reasoning: ["First, the user is asking abou", 1194],
    calls: [weather],
    finish: "tool_calls",
    usage: { input: 63, cachedInput: 244, output: 26, reasoning: 255 },
  },
  "deepseek/chat/deepseek-json.json": {
    content: ['{\n  "location": "San Francisco', 78],
    reasoning: ["I have the result from the wea", 558],
    finish: "stop",
    usage: { input: 175, cachedInput: 320, output: 26, reasoning: 118 },
  },
  "deepseek/chat/deepseek-text.chunks.txt": {
    content: ["## **Holiday Name:** Starlight", 1855],
    finish: "length",
    usage: { input: 13, output: 400 },
  },
  "deepseek/chat/deepseek-text.json": {
    content: ["## **Holiday Name: Gratitude o", 1375],
    finish: "length",
    usage: { input: 13, output: 300 },
  },
  "groq/groq-tool-call.chunks.txt": {
    calls: [{ name: "weather", input: {} }],
    finish: "tool_calls",
    usage: { input: 210, output: 15 },
  },
  "groq/groq-tool-call.json": {
    calls: [{ name: "weather", input: {} }],
    finish: "tool_calls",
    usage: { input: 218, output: 15 },
  },
  "mistral/mistral-incremental-tool-call.chunks.txt": {
    calls: [{ name: "webSearchTool", input: { query: "current Berlin weather" } }],
    finish: "tool_calls",
    usage: { input: 43, cachedInput: 128, output: 14 },
  },
  "xai/xai-text.chunks.txt": {
    content: ["Hello", 5],
    reasoning: ["First, the user said", 20],
    finish: "stop",
    usage: { input: 1, cachedInput: 11, output: 1, reasoning: 290 },
  },
  "xai/xai-text.json": {
    content: ["Hello", 5],
    reasoning: ['First, the user said: "Say a s', 189],
    finish: "stop",
    usage: { input: 10, cachedInput: 2, output: 1, reasoning: 228 },
  },
  "xai/xai-tool-call.chunks.txt": {
    reasoning: ["First, the user is", 18],
    calls: [weather],
    finish: "tool_calls",
    usage: { input: 1, cachedInput: 290, output: 26, reasoning: 196 },
  },
  "xai/xai-tool-call.json": {
    reasoning: ["First, the user is asking abou", 357],
    calls: [weather],
    finish: "tool_calls",
    usage: { input: 47, cachedInput: 244, output: 26, reasoning: 189 },
  },
  "moonshotai/moonshotai-reasoning.json": {
    content: ["There are three.", 16],
    reasoning: ["Let me count the letters caref", 35],
    finish: "stop",
    usage: { input: 10, cachedInput: 10, output: 8, reasoning: 22 },
  },
  "moonshotai/moonshotai-text.json": { content: ["Hello, world!", 13], finish: "stop", usage: { input: 9, output: 5 } },
  "alibaba/alibaba-reasoning.chunks.txt": {
    content: ['The word **"strawberry"** cont', 816],
    reasoning: ["We are asked: \"How many 'r's a", 3301],
    finish: "stop",
    usage: { input: 24, output: 271, reasoning: 1084 },
  },
  "alibaba/alibaba-reasoning.json": {
    content: ['The word **"strawberry"** cont', 952],
    reasoning: ["We are asked: \"How many 'r's a", 4213],
    finish: "stop",
    usage: { input: 24, output: 315, reasoning: 1353 },
  },
  "alibaba/alibaba-tool-call.chunks.txt": {
    calls: [weather],
    finish: "tool_calls",
    usage: { input: 295, output: 22 },
  },
  "alibaba/alibaba-tool-call.json": { calls: [weather], finish: "tool_calls", usage: { input: 295, output: 22 } },
  "perplexity/perplexity-citations.chunks.txt": {
    content: ["The current population of **[2", 34],
    finish: "stop",
    usage: { input: 10, output: 336 },
  },
  "perplexity/perplexity-citations.json": {
    content: ["The most recent estimates for ", 952],
    finish: "stop",
    usage: { input: 10, output: 251 },
  },
};

describe("recorded chat of vendors that speak OpenAI's", () => {
  test.each(names)("%s: text, reasoning, tool calls, finish reason and tokens", (name) => {
    const answer = STREAM.test(name) ? fromStream(name) : fromBody(name);
    const { content = ["", 0], reasoning = ["", 0], calls = [], finish, usage } = expected[name] ?? missing(name);
    expect(answer.content.startsWith(content[0])).toBe(true);
    expect(answer.content).toHaveLength(content[1]);
    expect(answer.reasoning.startsWith(reasoning[0])).toBe(true);
    expect(answer.reasoning).toHaveLength(reasoning[1]);
    expect(answer.calls.map(({ name: called, input }) => ({ name: called, input }))).toEqual(calls);
    expect(answer.calls.every((call) => call.id !== "")).toBe(true);
    expect(answer.finish).toBe(finish);
    const counted = usageFromChat(answer.usage) ?? noUsage;
    expect(counted).toEqual({ ...noUsage, ...usage });
    expect(inputTokens(counted) + outputTokens(counted)).toBe(answer.usage?.total_tokens ?? 0);
  });

  test.each(streams)("%s is read the same however it is cut", (name) => {
    expect(brokenCuts(framed(name))).toEqual([]);
  });
});

function missing(name: string): never {
  throw new Error(`No expectation is written for the recording ${name}.`);
}
