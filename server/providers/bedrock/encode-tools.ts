import { z } from "zod";
import { checked, refused } from "@/server/providers/anthropic/wire";
import { type Encoding, withCachePoint } from "@/server/providers/bedrock/encode-parts";
import type { ModelFacts } from "@/server/providers/bedrock/models";
import { ANSWER_TOOL, type Block, type Turn } from "@/server/providers/bedrock/wire";
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

/** Anthropic's tools that the caller runs, which Bedrock takes among the model's own fields. */
const CLIENT_TOOLS = /^(computer|bash|text_editor|memory)_\d{8}$/;

export type EncodedTools = {
  readonly toolConfig?: { readonly tools: readonly Block[]; readonly toolChoice?: Block };
  /** Anthropic's own fields. */
  readonly additional: Readonly<Record<string, unknown>>;
  /** Whether the model has no answer left but a tool call. */
  readonly forced: boolean;
};

/** What `encodeTools` must know beside the request: the turns, and the schema of an answer that is asked for by a tool. */
export type ToolSituation = {
  readonly facts: ModelFacts;
  readonly encoding: Encoding;
  readonly turns: readonly Turn[];
  readonly answerSchema: Readonly<Record<string, unknown>> | undefined;
};

/**
 * Tools and the choice among them. Converse cannot say `none`, so that then no tool is sent; but turns that hold calls must
 * come with tools, and are given the tools' names at least. Throws `invalid_request` for what is malformed.
 */
export function encodeTools(request: ChatRequest, situation: ToolSituation): EncodedTools {
  const { facts, encoding, turns, answerSchema } = situation;
  const choice = choiceOf(request.tool_choice, encoding.dropped);
  const wanted = choice === "none" ? [] : (request.tools ?? []);
  const native = wanted.filter((tool) => facts.claude && CLIENT_TOOLS.test(tool.type));
  const specs = wanted.flatMap((tool, index) =>
    native.includes(tool) ? [] : encodeTool(tool, `tools.${index}`, situation),
  );
  const forced = answerSchema && (choice === undefined || choice === "auto") ? "any" : choice;
  const answer = answerSchema ? [answerTool(answerSchema)] : [];
  const called = specs.length + answer.length === 0 ? calledTools(turns) : [];
  const tools = [...specs, ...answer, ...called];
  const additional = native.length > 0 ? { tools: native } : {};
  if (tools.length === 0) return { additional, forced: false };
  if (called.length > 0) return { toolConfig: { tools }, additional, forced: false };
  return chosen({ tools, additional, choice: forced, serial: request.parallel_tool_calls === false }, situation);
}

type Choice = "none" | "auto" | "any" | { readonly name: string };

type Chosen = {
  tools: readonly Block[];
  additional: Readonly<Record<string, unknown>>;
  choice: Choice | undefined;
  serial: boolean;
};

function chosen({ tools, additional, choice, serial }: Chosen, { facts, encoding }: ToolSituation): EncodedTools {
  let effective = choice === "none" ? undefined : choice;
  if (effective !== undefined && effective !== "auto" && !facts.forcedTools) {
    encoding.dropped.add("tool_choice");
    effective = undefined;
  }
  const forced = effective !== undefined && effective !== "auto";
  if (serial && facts.claude) {
    // Converse has no such switch; the choice in Anthropic's form has, and must then be the only one.
    const type = typeof effective === "object" ? { type: "tool", name: effective.name } : { type: effective ?? "auto" };
    const tool_choice = { ...type, disable_parallel_tool_use: true };
    return { toolConfig: { tools }, additional: { ...additional, tool_choice }, forced };
  }
  if (serial) encoding.dropped.add("parallel_tool_calls");
  if (effective === undefined) return { toolConfig: { tools }, additional, forced };
  const toolChoice = typeof effective === "object" ? { tool: { name: effective.name } } : { [effective]: {} };
  return { toolConfig: { tools, toolChoice }, additional, forced };
}

function encodeTool(tool: { type: string }, path: string, { facts, encoding }: ToolSituation): Block[] {
  if (tool.type !== "function") {
    // OpenAI's free-form tools share the name of Anthropic's plain type, which has a schema in its place.
    if ("custom" in tool) throw refused(`${path}.type`, "Free-form tools are not supported here; use a function tool.");
    if ("input_schema" in tool && "name" in tool && isRecord(tool.input_schema))
      return [spec({ name: String(tool.name), parameters: tool.input_schema })];
    encoding.dropped.add("tools");
    return [];
  }
  const { function: described, ...outer } = checked(FunctionTool, tool, path);
  if (described.strict && !facts.structured) encoding.dropped.add("tools.function.strict");
  const made = spec({ ...described, strict: described.strict === true && facts.structured });
  return withCachePoint([made], outer.cache_control ?? described.cache_control, encoding);
}

function spec(described: {
  readonly name: string;
  readonly description?: string | null | undefined;
  readonly parameters?: Readonly<Record<string, unknown>> | null | undefined;
  readonly strict?: boolean;
}): Block {
  return {
    toolSpec: {
      name: described.name,
      ...(described.description && { description: described.description }),
      ...(described.strict && { strict: true }),
      // A tool without parameters is an object without fields.
      inputSchema: { json: { ...(described.parameters ?? { properties: {} }), type: "object" } },
    },
  };
}

function answerTool(schema: Readonly<Record<string, unknown>>): Block {
  return spec({ name: ANSWER_TOOL, description: "Gives the answer as JSON.", parameters: schema });
}

function calledTools(turns: readonly Turn[]): Block[] {
  const names = turns.flatMap((turn) =>
    turn.content.flatMap((block) => (isRecord(block.toolUse) ? (textOf(block.toolUse.name) ?? []) : [])),
  );
  return [...new Set(names)].map((name) => spec({ name }));
}

function choiceOf(choice: unknown, dropped: Set<string>): Choice | undefined {
  if (choice === undefined || choice === null) return undefined;
  if (choice === "auto" || choice === "none") return choice;
  if (choice === "required") return "any";
  const record = isRecord(choice) ? choice : {};
  if (record.type === "auto" || record.type === "any" || record.type === "none") return record.type;
  if (record.type === "allowed_tools") {
    // The mode can be said, the selection cannot.
    dropped.add("tool_choice");
    const allowed = isRecord(record.allowed_tools) ? record.allowed_tools : record;
    return allowed.mode === "required" ? "any" : "auto";
  }
  const name = textOf(isRecord(record.function) ? record.function.name : record.name);
  if ((record.type !== "function" && record.type !== "tool") || name === undefined)
    throw refused("tool_choice", "Expected none, auto, required or a function's name.");
  return { name };
}
