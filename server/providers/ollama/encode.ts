import { GatewayError } from "@/server/errors";
import { lostFields } from "@/server/providers/lost-fields";
import { post } from "@/server/providers/openai-operations";
import type { Encoded, Target } from "@/server/providers/provider";
import type { ChatRequest } from "@/server/wire/chat";
import { isRecord, listOf, textOf } from "@/server/wire/json";

/** OpenAI's fields and Ollama's names for them among its `options`. Source: Ollama, "Modelfile", parameters. */
const OPTIONS: Readonly<Record<string, string>> = {
  temperature: "temperature",
  top_p: "top_p",
  top_k: "top_k",
  min_p: "min_p",
  seed: "seed",
  presence_penalty: "presence_penalty",
  frequency_penalty: "frequency_penalty",
  repetition_penalty: "repeat_penalty",
  num_ctx: "num_ctx",
};

/** Ollama's own fields, which pass as they are. */
const OWN = ["think", "keep_alive", "format", "options", "truncate", "shift"];

const READ = new Set([
  ...OWN,
  ...Object.keys(OPTIONS),
  ...["model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens", "stop", "tools"],
  ...["tool_choice", "response_format", "reasoning_effort", "logprobs", "top_logprobs"],
]);

/** A chat request as Ollama's `POST /api/chat`. Throws `invalid_request` for parts that it cannot take. */
export function encode(request: ChatRequest, target: Target): Encoded {
  const dropped = new Set(lostFields(request, READ));
  const body: Record<string, unknown> = {
    model: target.model,
    messages: messagesOf(request),
    stream: request.stream === true,
  };
  for (const name of OWN) if ((request[name] ?? undefined) !== undefined) body[name] = request[name];
  const options = { ...(isRecord(target.options.options) ? target.options.options : {}), ...optionsOf(request) };
  if (Object.keys(options).length > 0 || isRecord(body.options))
    body.options = { ...options, ...(isRecord(body.options) ? body.options : {}) };
  const tools = toolsOf(request, dropped);
  if (tools.length > 0) body.tools = tools;
  if (body.format === undefined) setIfAny(body, "format", formatOf(request.response_format));
  if (body.think === undefined) setIfAny(body, "think", thinkOf(request.reasoning_effort));
  if (body.keep_alive === undefined) setIfAny(body, "keep_alive", target.options.keepAlive);
  setIfAny(body, "logprobs", request.logprobs);
  setIfAny(body, "top_logprobs", request.top_logprobs);
  return { request: post(`${target.baseUrl}/api/chat`, target, body), dropped: [...dropped] };
}

function setIfAny(body: Record<string, unknown>, name: string, value: unknown): void {
  if (value !== undefined && value !== null) body[name] = value;
}

function optionsOf(request: ChatRequest): Record<string, unknown> {
  const options: Record<string, unknown> = {};
  for (const [name, own] of Object.entries(OPTIONS)) setIfAny(options, own, request[name]);
  setIfAny(options, "num_predict", request.max_completion_tokens ?? request.max_tokens);
  setIfAny(options, "stop", typeof request.stop === "string" ? [request.stop] : request.stop);
  return options;
}

/** Ollama cannot be told which tool to call; that it shall call none is said by giving it none. */
function toolsOf(request: ChatRequest, dropped: Set<string>): readonly unknown[] {
  const choice: unknown = request.tool_choice ?? "auto";
  if (choice === "none") return [];
  if (choice !== "auto") dropped.add("tool_choice");
  const tools = listOf(request.tools).filter((tool) => isRecord(tool) && tool.type === "function");
  if (tools.length < listOf(request.tools).length) dropped.add("tools");
  return tools.flatMap((tool) => (isRecord(tool) ? [{ type: "function", function: tool.function }] : []));
}

function formatOf(format: unknown): unknown {
  if (!isRecord(format)) return undefined;
  if (format.type === "json_object") return "json";
  return format.type === "json_schema" && isRecord(format.json_schema)
    ? (format.json_schema.schema ?? "json")
    : undefined;
}

/** Most models think or do not; gpt-oss takes how much. */
function thinkOf(effort: unknown): boolean | string | undefined {
  if (typeof effort !== "string") return undefined;
  if (effort === "none") return false;
  return ["low", "medium", "high"].includes(effort) ? effort : true;
}

type Message = ChatRequest["messages"][number];

function messagesOf({ messages }: ChatRequest): readonly unknown[] {
  const names = new Map<string, string>();
  for (const call of messages.flatMap((message) => listOf(message.tool_calls)))
    if (isRecord(call) && isRecord(call.function)) names.set(String(call.id), String(call.function.name));
  return messages.map((message, index) => messageOf(message, { at: `messages.${index}`, names }));
}

type Place = { readonly at: string; readonly names: ReadonlyMap<string, string> };

function messageOf(message: Message, { at, names }: Place): Record<string, unknown> {
  const role = message.role === "developer" ? "system" : message.role;
  const made: Record<string, unknown> = { role, ...contentOf(message.content, at) };
  if (role === "tool") setIfAny(made, "tool_name", names.get(String(message.tool_call_id)) ?? textOf(message.name));
  if (role !== "assistant") return made;
  setIfAny(made, "thinking", textOf(message.reasoning_content) ?? textOf(message.reasoning));
  const calls = listOf(message.tool_calls).map((call, index) => callOf(call, `${at}.tool_calls.${index}`));
  if (calls.length > 0) made.tool_calls = calls;
  return made;
}

/** Text apart from images, which are base64 without a prefix. */
function contentOf(content: unknown, at: string): { content: string; images?: string[] } {
  if (content === undefined || content === null) return { content: "" };
  if (typeof content === "string") return { content };
  if (!Array.isArray(content)) throw invalid(`${at}.content`, "must be a text or a list of parts");
  const texts: string[] = [];
  const images: string[] = [];
  for (const [index, part] of content.entries()) {
    const place = `${at}.content.${index}`;
    if (!isRecord(part)) throw invalid(place, "must be an object");
    if (typeof part.text === "string") texts.push(part.text);
    else if (typeof part.refusal === "string") texts.push(part.refusal);
    else if (part.type === "image_url") images.push(imageOf(part.image_url, place));
    else throw invalid(`${place}.type`, "is a kind of content that Ollama does not take");
  }
  return { content: texts.join("\n"), ...(images.length > 0 && { images }) };
}

function imageOf(image: unknown, at: string): string {
  const url = isRecord(image) ? image.url : image;
  const data = typeof url === "string" ? /^data:[^,]*;base64,(.+)$/s.exec(url)?.[1] : undefined;
  if (data === undefined) throw invalid(`${at}.image_url.url`, "must be a data URL in base64");
  return data;
}

/** Arguments are an object here, and a text of one elsewhere. */
function callOf(call: unknown, at: string): Record<string, unknown> {
  if (!isRecord(call) || !isRecord(call.function) || typeof call.function.name !== "string")
    throw invalid(`${at}.function`, "must name a function");
  return {
    ...(textOf(call.id) && { id: call.id }),
    function: { name: call.function.name, arguments: argumentsOf(call.function.arguments, at) },
  };
}

function argumentsOf(text: unknown, at: string): Record<string, unknown> {
  if (isRecord(text)) return text;
  if (text === undefined || text === null || text === "") return {};
  try {
    const value: unknown = JSON.parse(String(text));
    if (isRecord(value)) return value;
    if (value === null) return {};
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
  }
  throw invalid(`${at}.function.arguments`, "must be the JSON of an object");
}

function invalid(param: string, what: string): GatewayError {
  return new GatewayError("invalid_request", `'${param}' ${what}.`, { param });
}
