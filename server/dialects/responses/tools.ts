import type { JsonObject } from "@/server/dialects/dialect";
import { type ResponsesRequest, refused } from "@/server/dialects/responses/schema";
import type { ChatRequest } from "@/server/wire/chat";
import { isRecord, listOf, textOf } from "@/server/wire/json";

const WEB_SEARCH = /^web_search(_preview)?(_\d{4}_\d{2}_\d{2})?$/;

/** Tools, the choice among them, and whether several may be called at once, as chat has them. */
export function toolFields(asked: ResponsesRequest, dropped: Set<string>): JsonObject {
  const search = asked.tools?.find((tool) => WEB_SEARCH.test(tool.type));
  const tools = (asked.tools ?? []).flatMap((tool, index) => toTool(tool, { path: `tools.${index}`, dropped }));
  const choice = toChoice(asked.tool_choice, dropped);
  return {
    ...(tools.length > 0 && { tools }),
    ...(search && { web_search_options: searchOptions(search, dropped) }),
    // Without tools chat refuses both.
    ...(tools.length > 0 && choice !== undefined && { tool_choice: choice }),
    ...(tools.length > 0 &&
      typeof asked.parallel_tool_calls === "boolean" && {
        parallel_tool_calls: asked.parallel_tool_calls,
      }),
  };
}

type ChatTool = NonNullable<ChatRequest["tools"]>[number];
type Place = { readonly path: string; readonly dropped: Set<string> };

/** Tools that a vendor runs itself have no counterpart, but for the web search. */
function toTool(tool: ChatTool, { path, dropped }: Place): ChatTool[] {
  if (tool.type !== "function" && tool.type !== "custom") {
    if (!WEB_SEARCH.test(tool.type)) dropped.add(`tools.${tool.type}`);
    return [];
  }
  const name = textOf(tool.name);
  if (name === undefined) throw refused(`${path}.name`, "Expected the tool's name.");
  const common = {
    name,
    ...(typeof tool.description === "string" && { description: tool.description }),
  };
  const extras = isRecord(tool.cache_control) ? { cache_control: tool.cache_control } : {};
  if (tool.type === "custom") {
    return [
      { type: "custom", custom: { ...common, ...(isRecord(tool.format) && customFormat(tool.format)) }, ...extras },
    ];
  }
  const called = {
    ...common,
    ...(isRecord(tool.parameters) && { parameters: tool.parameters }),
    ...(typeof tool.strict === "boolean" && { strict: tool.strict }),
  };
  return [{ type: "function", function: called, ...extras }];
}

/** Chat wraps a grammar's fields once more. Source: OpenAI API reference, CustomToolChatCompletions. */
function customFormat(format: JsonObject): JsonObject {
  if (format.type !== "grammar") return { format };
  return { format: { type: "grammar", grammar: { definition: format.definition, syntax: format.syntax } } };
}

function searchOptions(tool: JsonObject, dropped: Set<string>): JsonObject {
  const location = tool.user_location;
  if (tool.filters !== undefined && tool.filters !== null) dropped.add("tools.web_search.filters");
  if (!isRecord(location)) return searchSize(tool);
  const { type: _type, ...approximate } = location;
  const known = Object.fromEntries(Object.entries(approximate).filter(([, value]) => typeof value === "string"));
  return { ...searchSize(tool), user_location: { type: "approximate", approximate: known } };
}

function searchSize({ search_context_size }: JsonObject): JsonObject {
  return typeof search_context_size === "string" ? { search_context_size } : {};
}

function toChoice(choice: unknown, dropped: Set<string>): unknown {
  if (choice === undefined || choice === null) return undefined;
  if (choice === "none" || choice === "auto" || choice === "required") return choice;
  if (!isRecord(choice)) throw refused("tool_choice", "Expected none, auto, required or a tool.");
  const { type } = choice;
  if (type === "allowed_tools") return allowedTools(choice, dropped);
  if (type !== "function" && type !== "custom") {
    dropped.add("tool_choice");
    return undefined;
  }
  const name = textOf(choice.name);
  if (name === undefined) throw refused("tool_choice.name", "Expected the tool's name.");
  return type === "function" ? { type, function: { name } } : { type, custom: { name } };
}

function allowedTools({ mode, tools }: JsonObject, dropped: Set<string>): JsonObject {
  const named = listOf(tools).flatMap((tool): JsonObject[] => {
    const name = isRecord(tool) ? textOf(tool.name) : undefined;
    if (!isRecord(tool) || name === undefined) {
      dropped.add("tool_choice.tools");
      return [];
    }
    return tool.type === "custom" ? [{ type: "custom", custom: { name } }] : [{ type: "function", function: { name } }];
  });
  return {
    type: "allowed_tools",
    allowed_tools: { mode: mode === "required" ? "required" : "auto", tools: named },
  };
}
