import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { tokensOf } from "@/tests/matrix/callers/chat";
import { at, list, number, parsed, text } from "@/tests/matrix/json";
import type { Call, Said, Tokens } from "@/tests/matrix/said";
import { recordingsDir } from "@/tests/support/recordings";
import { eventMessage } from "@/tests/wire/event-stream";

/** The vendors' dialects that recordings are in, as far as they answer with text. */
export type Kind = "chat" | "completions" | "messages" | "gemini" | "responses" | "converse" | "cohere";

/** One recorded answer: a body, or the payloads of one stream. */
export type Recording = { name: string; kind: Kind } & ({ body: unknown } | { lines: readonly string[] });

/** Recordings that hold no answer of text, by what they lie under. */
const OTHERS: readonly [RegExp, string][] = [
  [/transcription|cartesia|elevenlabs|gladia|revai/, "speech to text is no text dialect"],
  [/speech-translation/, "a realtime session is no text dialect"],
  [/^google\/interactions/, "Google's interactions API is another than generateContent, and no provider type calls it"],
  [/embedding|reranking/, "vectors and rankings have one dialect; tests/providers reads them"],
  [/^openai\/image/, "pictures are no text dialect"],
  [/^anthropic\/skills/, "an answer of the skills API"],
  [/429-retry-info/, "an error, which tests/providers/errors.test.ts reads"],
  [/^README/, "says what the recordings are"],
];

/** Every recorded answer of text, and the names of files that are neither one nor written down as another thing. */
export function readRecordings(): { recordings: Recording[]; unknown: string[] } {
  const recordings: Recording[] = [];
  const unknown: string[] = [];
  const files = readdirSync(recordingsDir, { withFileTypes: true, recursive: true }).filter((entry) => entry.isFile());
  for (const file of files) {
    const name = relative(recordingsDir, join(file.parentPath, file.name));
    if (OTHERS.some(([pattern]) => pattern.test(name))) continue;
    const read = recordingsIn(name);
    recordings.push(...read);
    if (read.length === 0) unknown.push(name);
  }
  return { recordings: recordings.sort((left, right) => (left.name < right.name ? -1 : 1)), unknown };
}

function recordingsIn(name: string): Recording[] {
  const content = readFileSync(join(recordingsDir, name), "utf8");
  if (name.endsWith(".json")) {
    const body = parsed(content);
    const kind = kindOf(body);
    return kind ? [{ name, kind, body }] : [];
  }
  // One was recorded with its framing.
  const bare = content.split("\n").map((line) => line.replace(/^data: /, ""));
  const lines = bare.filter((line) => line.trim() !== "" && line !== "[DONE]");
  // A first event may say too little.
  const kind = lines.slice(0, 3).reduce<Kind | undefined>((found, line) => found ?? kindOf(parsed(line)), undefined);
  if (!kind) return [];
  return turnsOf(kind, lines).map((turn, index) => ({
    name: index === 0 ? name : `${name}#${index}`,
    kind,
    lines: turn,
  }));
}

/** Some files hold the answers of several turns, one after the other. */
function turnsOf(kind: Kind, lines: readonly string[]): string[][] {
  const last = kind === "messages" ? "message_stop" : kind === "responses" ? "response.completed" : undefined;
  const turns: string[][] = [[]];
  for (const [index, line] of lines.entries()) {
    turns.at(-1)?.push(line);
    if (last && at(parsed(line), "type") === last && index < lines.length - 1) turns.push([]);
  }
  return turns;
}

function kindOf(body: unknown): Kind | undefined {
  const object = text(body, "object");
  if (object === "text_completion") return "completions";
  if (object.startsWith("chat.completion") || list(body, "choices").length > 0) return "chat";
  if (object === "response" || text(body, "type").startsWith("response.")) return "responses";
  if (["message", "message_start"].includes(text(body, "type"))) return "messages";
  if (at(body, "candidates")) return "gemini";
  if (at(body, "output", "message") || /^(message|contentBlock)/.test(Object.keys(Object(body))[0] ?? "")) {
    return at(body, "finish_reason") ? "cohere" : "converse";
  }
  return text(body, "type") === "message-start" || at(body, "finish_reason") ? "cohere" : undefined;
}

/** A stream's events in the vendor's framing. */
export function framed(kind: Kind, lines: readonly string[]): Buffer[] {
  switch (kind) {
    case "chat":
    case "completions":
      return [...lines, "[DONE]"].map((line) => Buffer.from(`data: ${line}\n\n`));
    case "gemini":
      return lines.map((line) => Buffer.from(`data: ${line}\r\n\r\n`));
    case "converse":
      return lines.map((line) => {
        const [[name, payload] = ["", null]] = Object.entries(Object(parsed(line)));
        return eventMessage(name, JSON.stringify(payload));
      });
    default:
      return lines.map((line) => Buffer.from(`event: ${text(parsed(line), "type")}\ndata: ${line}\n\n`));
  }
}

/** OpenAI's usage as the vendors have it: some tell caches in fields of their own, some count reasoning beside the rest. */
export function vendorTokens(usage: unknown): Tokens | undefined {
  const tokens = tokensOf(usage);
  if (!tokens) return undefined;
  const beside = Math.max(0, (number(usage, "total_tokens") ?? 0) - (tokens.input ?? 0) - (tokens.output ?? 0));
  return {
    input: tokens.input,
    cached: tokens.cached ?? number(usage, "prompt_cache_hit_tokens") ?? number(usage, "cached_tokens"),
    output: (tokens.output ?? 0) + beside,
    reasoning: Math.max(tokens.reasoning ?? 0, beside),
  };
}

const CONVERSE_STOP: Record<string, string> = { end_turn: "stop", tool_use: "tool_calls", max_tokens: "length" };

/** What a recorded answer of Converse says. */
export function saidByConverse(recording: Recording): Said {
  const blocks: { text: string; thought: string; call?: Call; args: string }[] = [];
  let stop = "";
  let usage: unknown;
  const block = (index: number) => {
    blocks[index] ??= { text: "", thought: "", args: "" };
    return blocks[index];
  };
  const events = "lines" in recording ? recording.lines.map(parsed) : [];
  for (const event of events) {
    const one = at(event, "contentBlockStart") ?? at(event, "contentBlockDelta");
    const made = one ? block(number(one, "contentBlockIndex") ?? 0) : undefined;
    const use = at(one, "start", "toolUse");
    if (made && use) made.call = { id: text(use, "toolUseId"), name: text(use, "name"), input: {} };
    if (made) {
      made.text += text(one, "delta", "text");
      made.thought += text(one, "delta", "reasoningContent", "text");
      made.args += text(one, "delta", "toolUse", "input");
    }
    stop = text(event, "messageStop", "stopReason") || stop;
    usage = at(event, "metadata", "usage") ?? usage;
  }
  if ("body" in recording) {
    for (const [index, one] of list(recording.body, "output", "message", "content").entries()) {
      const made = block(index);
      const use = at(one, "toolUse");
      made.text = text(one, "text");
      made.thought = text(one, "reasoningContent", "reasoningText", "text");
      if (use) made.call = { id: text(use, "toolUseId"), name: text(use, "name"), input: at(use, "input") };
    }
    stop = text(recording.body, "stopReason");
    usage = at(recording.body, "usage");
  }
  const cached = number(usage, "cacheReadInputTokens") ?? 0;
  const written = number(usage, "cacheWriteInputTokens") ?? 0;
  return {
    text: blocks.map((one) => one.text).join(""),
    reasoning: blocks.map((one) => one.thought).join(""),
    calls: blocks.flatMap(({ call, args }) => (call ? [args ? { ...call, input: parsed(args) } : call] : [])),
    finish: CONVERSE_STOP[stop],
    tokens: {
      input: (number(usage, "inputTokens") ?? 0) + cached + written,
      cached,
      output: number(usage, "outputTokens"),
      reasoning: 0,
    },
  };
}

/** What a recorded answer of Cohere says; a plan of tools is reasoning. */
export function saidByCohere(recording: Recording): Said {
  const events = "lines" in recording ? recording.lines.map(parsed) : [];
  const whole = "body" in recording ? recording.body : undefined;
  const end = whole ?? at(events.at(-1), "delta");
  const messages = whole ? [at(whole, "message")] : events.map((event) => at(event, "delta", "message"));
  const contents = messages.flatMap((message) => {
    const content = at(message, "content");
    return Array.isArray(content) ? content : content ? [content] : [];
  });
  const calls: { id: string; name: string; args: string }[] = [];
  for (const one of messages.flatMap((message) => {
    const given = at(message, "tool_calls");
    return Array.isArray(given) ? given : given ? [given] : [];
  })) {
    if (text(one, "id")) calls.push({ id: text(one, "id"), name: text(one, "function", "name"), args: "" });
    const last = calls.at(-1);
    if (last) last.args += text(one, "function", "arguments");
  }
  const units = at(end, "usage", "billed_units");
  return {
    text: contents.map((content) => text(content, "text")).join(""),
    reasoning:
      messages.map((message) => text(message, "tool_plan")).join("") +
      contents.map((content) => text(content, "thinking")).join(""),
    calls: calls.map(({ id, name, args }) => {
      const input = parsed(args || "{}");
      return { id, name, input: input === null ? {} : input };
    }),
    finish: text(end, "finish_reason") === "TOOL_CALL" ? "tool_calls" : "stop",
    tokens: { input: number(units, "input_tokens"), cached: 0, output: number(units, "output_tokens"), reasoning: 0 },
  };
}
