import { z } from "zod";
import { toGoogleSchema } from "@/server/providers/gemini/schema";
import { checked, refused } from "@/server/providers/gemini/wire";
import type { ChatRequest } from "@/server/wire/chat";
import { isRecord, listOf, textOf } from "@/server/wire/json";

const FunctionTool = z.looseObject({
  function: z.looseObject({
    name: z.string().min(1),
    description: z.string().nullish(),
    parameters: z.looseObject({}).nullish(),
    strict: z.boolean().nullish(),
  }),
});

export type EncodedTools = { readonly tools?: object[]; readonly toolConfig?: object };

type Mode = "AUTO" | "ANY" | "NONE" | "VALIDATED";

/**
 * Tools and the choice among them. Searching the web is asked for by OpenAI's `web_search_options` or a web search tool; it
 * does not go together with the caller's own tools, which go before it. Throws `invalid_request` for what is malformed.
 */
export function encodeTools(request: ChatRequest, dropped: Set<string>): EncodedTools {
  const declarations: object[] = [];
  const builtIn = new Map<string, string>();
  let strict = false;
  for (const [index, tool] of (request.tools ?? []).entries()) {
    if (tool.type === "function") {
      const { function: asked } = checked(FunctionTool, tool, `tools.${index}`);
      declarations.push(declaration(asked, dropped));
      strict ||= asked.strict === true;
    } else {
      const own = builtInOf(tool.type);
      if (own) builtIn.set(own, "tools");
      else dropped.add("tools");
    }
  }
  addWebSearch(request, builtIn, dropped);
  if (declarations.length > 0) {
    for (const field of builtIn.values()) dropped.add(field);
    if (request.parallel_tool_calls === false) dropped.add("parallel_tool_calls");
    const config = callingConfig(request.tool_choice, strict);
    return {
      tools: [{ functionDeclarations: declarations }],
      ...(config && { toolConfig: { functionCallingConfig: config } }),
    };
  }
  return builtIn.size > 0 ? { tools: [...builtIn.keys()].map((name) => ({ [name]: {} })) } : {};
}

/** OpenAI's, Anthropic's and Google's names of the tools that run at Google. */
function builtInOf(type: string): string | undefined {
  if (/^web_search|^google_?search$/i.test(type)) return "googleSearch";
  if (/^code_execution|^code_interpreter$|^codeExecution$/.test(type)) return "codeExecution";
  return /^url_?context$|^web_fetch/i.test(type) ? "urlContext" : undefined;
}

function addWebSearch(request: ChatRequest, builtIn: Map<string, string>, dropped: Set<string>): void {
  const options = request.web_search_options;
  if (!isRecord(options)) return;
  builtIn.set("googleSearch", "web_search_options");
  for (const name of Object.keys(options)) {
    if (/^\w{1,64}$/.test(name) && options[name] !== null) dropped.add(`web_search_options.${name}`);
  }
}

type AskedFunction = z.infer<typeof FunctionTool>["function"];

function declaration({ name, description, parameters }: AskedFunction, dropped: Set<string>): object {
  const schema = toGoogleSchema(parameters ?? {}, dropped, "tools.function.parameters");
  // The API refuses an object without fields; leaving it out means the same.
  const empty = isRecord(schema.properties)
    ? Object.keys(schema.properties).length === 0
    : !schema.$ref && !schema.anyOf;
  return {
    name,
    ...(description && { description }),
    ...(!empty && { parametersJsonSchema: { type: "object", ...schema } }),
  };
}

/** `VALIDATED` is Google's word for what OpenAI calls strict. */
function callingConfig(choice: unknown, strict: boolean): object | undefined {
  const free: Mode = strict ? "VALIDATED" : "AUTO";
  if (choice === undefined || choice === null || choice === "auto") return strict ? { mode: free } : undefined;
  if (choice === "none") return { mode: "NONE" };
  if (choice === "required") return { mode: "ANY" };
  if (!isRecord(choice)) throw refused("tool_choice", "Expected none, auto, required, or a tool.");
  if (choice.type === "allowed_tools") return allowedTools(choice);
  const name = isRecord(choice.function) ? textOf(choice.function.name) : undefined;
  if (name === undefined) throw refused("tool_choice.function.name", "Expected a tool's name.");
  return { mode: "ANY", allowedFunctionNames: [name] };
}

/** Names narrow the choice only where calls are checked, so `auto` among some is `VALIDATED`. */
function allowedTools(choice: Record<string, unknown>): object {
  const allowed = isRecord(choice.allowed_tools) ? choice.allowed_tools : choice;
  const names = listOf(allowed.tools).flatMap((tool) => {
    const called = isRecord(tool) && isRecord(tool.function) ? tool.function : tool;
    return isRecord(called) ? (textOf(called.name) ?? []) : [];
  });
  const mode: Mode = allowed.mode === "required" ? "ANY" : "VALIDATED";
  return { mode, ...(names.length > 0 && { allowedFunctionNames: names }) };
}
