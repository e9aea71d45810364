import type { Tool, ToolChoice } from "@anthropic-ai/sdk/resources/messages/messages";
import { z } from "zod";
import type { ModelFacts } from "@/server/providers/anthropic/models";
import { checked, refused } from "@/server/providers/anthropic/wire";
import type { ChatRequest } from "@/server/wire/chat";
import { isRecord, textOf } from "@/server/wire/json";

const FunctionTool = z.looseObject({
  function: z.looseObject({
    name: z.string().min(1),
    description: z.string().nullish(),
    parameters: z.looseObject({}).nullish(),
    strict: z.boolean().nullish(),
  }),
});

/** Settings of Anthropic's own that a caller may add to a function tool. */
const EXTRAS = [
  "cache_control",
  "defer_loading",
  "allowed_callers",
  "eager_input_streaming",
  "input_examples",
] as const;

export type EncodedTools = { readonly tools?: readonly object[]; readonly tool_choice?: ToolChoice };

/**
 * Tools and the choice among them. Tools of a type other than `function` are Anthropic's own and pass as they are; so does
 * a choice in Anthropic's form. A forced call becomes `auto` on models that refuse it, and is then in `dropped`.
 */
export function encodeTools(request: ChatRequest, facts: ModelFacts, dropped: Set<string>): EncodedTools {
  const tools = (request.tools ?? []).map(encodeTool);
  if (tools.length === 0) return {};
  const choice = toolChoice(request.tool_choice, facts, dropped);
  if (request.parallel_tool_calls !== false || choice?.type === "none")
    return { tools, ...(choice && { tool_choice: choice }) };
  return { tools, tool_choice: { ...(choice ?? { type: "auto" }), disable_parallel_tool_use: true } };
}

/** Whether the request leaves the model no answer but a tool call. */
export function isForced(choice: ToolChoice | undefined): boolean {
  return choice?.type === "any" || choice?.type === "tool";
}

function encodeTool(tool: { type: string }, index: number): object {
  const path = `tools.${index}`;
  if (tool.type !== "function") {
    // OpenAI's free-form tools share the name of Anthropic's plain type, which has a schema in its place.
    if ("custom" in tool) throw refused(`${path}.type`, "Free-form tools are not supported here; use a function tool.");
    return { ...tool };
  }
  const { function: described, ...outer } = checked(FunctionTool, tool, path);
  const extras = EXTRAS.flatMap((key) => {
    const value = outer[key] ?? described[key];
    return value === undefined || value === null ? [] : [[key, value] as const];
  });
  return {
    name: described.name,
    ...(described.description && { description: described.description }),
    // A tool without parameters is an object without fields.
    input_schema: { ...(described.parameters ?? { properties: {} }), type: "object" },
    ...(described.strict === true && { strict: true }),
    ...Object.fromEntries(extras),
  } satisfies Tool;
}

function toolChoice(choice: unknown, facts: ModelFacts, dropped: Set<string>): ToolChoice | undefined {
  const encoded = encodeChoice(choice, dropped);
  if (facts.forcedTools !== "never" || !isForced(encoded)) return encoded;
  dropped.add("tool_choice");
  return { type: "auto" };
}

function encodeChoice(choice: unknown, dropped: Set<string>): ToolChoice | undefined {
  if (choice === undefined || choice === null) return undefined;
  if (choice === "auto" || choice === "none") return { type: choice };
  if (choice === "required") return { type: "any" };
  const record = isRecord(choice) ? choice : {};
  if (record.type === "auto" || record.type === "any" || record.type === "none")
    return { ...record, type: record.type };
  if (record.type === "allowed_tools") {
    // The mode can be said, the selection cannot.
    dropped.add("tool_choice");
    const allowed = isRecord(record.allowed_tools) ? record.allowed_tools : record;
    return { type: allowed.mode === "required" ? "any" : "auto" };
  }
  const name = textOf(isRecord(record.function) ? record.function.name : record.name);
  if ((record.type !== "function" && record.type !== "tool") || name === undefined) {
    throw refused("tool_choice", "Expected none, auto, required or a function's name.");
  }
  const serial = record.disable_parallel_tool_use === true ? { disable_parallel_tool_use: true } : {};
  return { type: "tool", name, ...serial };
}
