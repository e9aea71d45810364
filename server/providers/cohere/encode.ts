import { z } from "zod";
import { checked, refused } from "@/server/providers/anthropic/wire";
import { encodeMessages } from "@/server/providers/cohere/encode-messages";
import { endpoint, jsonHeaders } from "@/server/providers/cohere/endpoint";
import { lostFields } from "@/server/providers/lost-fields";
import type { Encoded, Target } from "@/server/providers/provider";
import type { ChatRequest } from "@/server/wire/chat";
import { isRecord, textOf } from "@/server/wire/json";

/** Cohere's own fields that pass as they are. */
const NATIVE = ["citation_options", "documents", "priority", "safety_mode", "strict_tools"] as const;

/** Cohere's own fields that OpenAI has under another name, with that name. */
const RENAMED = { k: "top_k", p: "top_p" } as const;

const KNOWN: ReadonlySet<string> = new Set([
  ...["model", "messages", "stream", "stream_options", "max_tokens", "max_completion_tokens", "temperature", "seed"],
  ...["frequency_penalty", "presence_penalty", "stop", "stop_sequences", "tools", "tool_choice", "parallel_tool_calls"],
  ...["reasoning_effort", "thinking", "response_format", ...NATIVE, ...Object.keys(RENAMED)],
  ...Object.values(RENAMED),
]);

/** The API takes so many stop sequences. */
const MAX_STOPS = 5;

/** A canonical request as Cohere's `POST /v2/chat`. Source: Cohere API reference, v2 "Chat". */
export function encode(request: ChatRequest, target: Target): Encoded {
  const dropped = new Set(lostFields(request, KNOWN));
  const reasons = /reasoning|command-a-plus|command-a-2/i.test(target.model);
  const body = {
    ...Object.fromEntries(NATIVE.flatMap((field) => (isSet(request[field]) ? [[field, request[field]]] : []))),
    model: target.model,
    messages: encodeMessages(request.messages, { reasons, dropped }),
    ...tools(request, dropped),
    ...sampling(request, dropped),
    ...responseFormat(request),
    ...thinking(request, reasons, dropped),
    ...(request.stream && { stream: true }),
  };
  const url = endpoint(target, "/v2/chat");
  return {
    request: { method: "POST", url, headers: jsonHeaders(target), body: JSON.stringify(body) },
    dropped: [...dropped],
  };
}

function isSet(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** OpenAI's temperature and penalties reach further than Cohere's, which end at 1 and begin at 0; `p` ends before either. */
function sampling(request: ChatRequest, dropped: Set<string>): Record<string, unknown> {
  const stop = request.stop_sequences ?? (typeof request.stop === "string" ? [request.stop] : request.stop);
  if (Array.isArray(stop) && stop.length > MAX_STOPS) dropped.add("stop");
  for (const field of ["frequency_penalty", "presence_penalty"] as const) {
    // Rewarding what was said before is the contrary of nothing at all.
    if (typeof request[field] === "number" && request[field] < 0) dropped.add(field);
  }
  const p = request.p ?? request.top_p;
  const wanted = {
    max_tokens: request.max_completion_tokens ?? request.max_tokens,
    temperature: clamped(request.temperature),
    seed: request.seed,
    frequency_penalty: clamped(request.frequency_penalty),
    presence_penalty: clamped(request.presence_penalty),
    k: request.k ?? request.top_k,
    p: typeof p === "number" ? Math.min(0.99, Math.max(0.01, p)) : undefined,
    stop_sequences: Array.isArray(stop) && stop.length > 0 ? stop.slice(0, MAX_STOPS) : undefined,
  };
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => isSet(value)));
}

function clamped(value: unknown): number | undefined {
  return typeof value === "number" ? Math.min(1, Math.max(0, value)) : undefined;
}

const FunctionTool = z.looseObject({
  function: z.looseObject({
    name: z.string().min(1),
    description: z.string().nullish(),
    parameters: z.looseObject({}).nullish(),
    strict: z.boolean().nullish(),
  }),
});

/** A choice of one tool is that tool alone, which must then be called; Cohere knows no other way to say it. */
function tools(request: ChatRequest, dropped: Set<string>): Record<string, unknown> {
  const described = (request.tools ?? []).flatMap((tool, index) => encodeTool(tool, `tools.${index}`, dropped));
  if (described.length === 0) return {};
  if (request.parallel_tool_calls === false) dropped.add("parallel_tool_calls");
  const { choice, only } = choiceOf(request.tool_choice, dropped);
  const chosen = only ? described.filter((tool) => only.includes(tool.function.name)) : described;
  if (chosen.length === 0) throw refused("tool_choice", "It names no tool of this request.");
  const strict = described.some((tool) => tool.strict) && !isSet(request.strict_tools) ? { strict_tools: true } : {};
  return {
    tools: chosen.map(({ function: called }) => ({ type: "function", function: called })),
    ...(choice && { tool_choice: choice }),
    ...strict,
  };
}

type Described = {
  readonly strict: boolean;
  readonly function: { readonly name: string; readonly description?: string; readonly parameters: object };
};

function encodeTool(tool: { type: string }, path: string, dropped: Set<string>): Described[] {
  if (tool.type !== "function") {
    if ("custom" in tool) throw refused(`${path}.type`, "Free-form tools are not supported here; use a function tool.");
    dropped.add("tools");
    return [];
  }
  const { name, description, parameters, strict } = checked(FunctionTool, tool, path).function;
  return [
    {
      strict: strict === true,
      function: {
        name,
        ...(description && { description }),
        // A tool without parameters is an object without fields.
        parameters: { ...(parameters ?? { properties: {} }), type: "object" },
      },
    },
  ];
}

type Choice = { readonly choice?: "REQUIRED" | "NONE"; readonly only?: readonly string[] };

function choiceOf(choice: unknown, dropped: Set<string>): Choice {
  if (choice === undefined || choice === null || choice === "auto") return {};
  if (choice === "none") return { choice: "NONE" };
  if (choice === "required") return { choice: "REQUIRED" };
  const record = isRecord(choice) ? choice : {};
  if (record.type === "allowed_tools") {
    const allowed = isRecord(record.allowed_tools) ? record.allowed_tools : record;
    if (!Array.isArray(allowed.tools)) dropped.add("tool_choice");
    const names = (Array.isArray(allowed.tools) ? allowed.tools : []).flatMap(nameIn);
    return { ...(allowed.mode === "required" && { choice: "REQUIRED" }), ...(names.length > 0 && { only: names }) };
  }
  const only = nameIn(choice);
  if (only.length === 0) throw refused("tool_choice", "Expected none, auto, required or a function's name.");
  return { choice: "REQUIRED", only };
}

function nameIn(choice: unknown): string[] {
  if (!isRecord(choice)) return [];
  const name = textOf(isRecord(choice.function) ? choice.function.name : choice.name);
  return name === undefined ? [] : [name];
}

const Format = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("text") }),
  z.looseObject({ type: z.literal("json_object"), json_schema: z.looseObject({}).nullish() }),
  z.looseObject({
    type: z.literal("json_schema"),
    json_schema: z.looseObject({ schema: z.looseObject({}).nullish() }),
  }),
]);

function responseFormat(request: ChatRequest): { response_format?: object } {
  const format = checked(Format.nullish(), request.response_format, "response_format");
  if (!format || format.type === "text") return {};
  const schema = format.type === "json_schema" ? format.json_schema.schema : format.json_schema;
  return { response_format: { type: "json_object", ...(schema && { json_schema: schema }) } };
}

/** Tokens of thinking by effort; the model's own measure where none is asked for. */
const BUDGETS: Readonly<Record<string, number>> = { minimal: 512, low: 1024, medium: 4096, high: 16_384 };

function thinking(request: ChatRequest, reasons: boolean, dropped: Set<string>): { thinking?: object } {
  const own = isRecord(request.thinking) ? request.thinking : undefined;
  const effort = textOf(request.reasoning_effort);
  if (!reasons) {
    if (own && own.type !== "disabled") dropped.add("thinking");
    if (effort && effort !== "none") dropped.add("reasoning_effort");
    return {};
  }
  if (own) {
    const budget = own.token_budget ?? own.budget_tokens;
    const type = own.type === "disabled" ? "disabled" : "enabled";
    return { thinking: { type, ...(typeof budget === "number" && type === "enabled" && { token_budget: budget }) } };
  }
  if (!effort) return {};
  if (effort === "none") return { thinking: { type: "disabled" } };
  const budget = BUDGETS[effort];
  return { thinking: { type: "enabled", ...(budget && { token_budget: budget }) } };
}
