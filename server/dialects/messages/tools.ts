import { z } from "zod";
import { checked, refused } from "@/server/dialects/messages/wire";
import type { ChatRequest } from "@/server/wire/chat";
import { isRecord, textOf } from "@/server/wire/json";

const Tool = z.looseObject({ type: z.string().nullish(), name: z.string().min(1).nullish() });
const FunctionTool = z.looseObject({
  name: z.string().min(1),
  description: z.string().nullish(),
  input_schema: z.looseObject({}),
  strict: z.boolean().nullish(),
});

type CanonicalTool = NonNullable<ChatRequest["tools"]>[number];

/** Tools with a schema of the caller's as functions; Anthropic's own, which run there or are defined there, as they are. */
export function toTools(tools: unknown): CanonicalTool[] {
  if (tools === undefined || tools === null) return [];
  return checked(z.array(Tool), tools, "tools").map((tool, index) => {
    if (typeof tool.type === "string" && tool.type !== "custom") return { ...tool, type: tool.type };
    return toFunction(tool, `tools.${index}`);
  });
}

function toFunction(tool: unknown, path: string): CanonicalTool {
  const { name, description, input_schema, strict, type: _type, ...settings } = checked(FunctionTool, tool, path);
  const described = {
    name,
    ...(description && { description }),
    parameters: input_schema,
    ...(typeof strict === "boolean" && { strict }),
  };
  return { ...settings, type: "function", function: described };
}

/** The choice among the tools, and whether several may be called at once. */
export function toolChoice(choice: unknown): Partial<ChatRequest> {
  if (choice === undefined || choice === null) return {};
  const serial = isRecord(choice) && choice.disable_parallel_tool_use === true ? { parallel_tool_calls: false } : {};
  switch (isRecord(choice) ? choice.type : undefined) {
    case "auto":
      return { tool_choice: "auto", ...serial };
    case "any":
      return { tool_choice: "required", ...serial };
    case "none":
      return { tool_choice: "none" };
    case "tool": {
      const name = isRecord(choice) ? textOf(choice.name) : undefined;
      if (name === undefined) throw refused("tool_choice.name", "Expected the name of a tool.");
      return { tool_choice: { type: "function", function: { name } }, ...serial };
    }
    default:
      throw refused("tool_choice.type", "Expected auto, any, tool or none.");
  }
}
