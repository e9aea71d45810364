import type { JsonObject } from "@/server/dialects/dialect";
import { field, jsonName, record } from "@/server/dialects/gemini/request";
import { jsonSchemaOf } from "@/server/dialects/gemini/schema";
import { isRecord, listOf, textOf } from "@/server/wire/json";

/** Tools and the choice among them as canonical fields; tools that run at Google, but for its search, are named in `dropped`. */
export function toolsOf(body: JsonObject, dropped: Set<string>): JsonObject {
  const tools: JsonObject[] = [];
  let search = false;
  const given = field(body, "tools");
  for (const tool of Array.isArray(given) ? given : listOf(isRecord(given) ? [given] : [])) {
    for (const [name, value] of Object.entries(isRecord(tool) ? tool : {})) {
      const known = jsonName(name);
      if (known === "functionDeclarations") tools.push(...listOf(value).flatMap(functionTool));
      else if (known === "googleSearch" || known === "googleSearchRetrieval") search = true;
      else if (/^\w{1,64}$/.test(name) && value !== null) dropped.add(`tools.${name}`);
    }
  }
  const choice = tools.length > 0 ? choiceOf(record(record(body, "toolConfig"), "functionCallingConfig")) : undefined;
  return {
    ...(tools.length > 0 && { tools }),
    ...(choice !== undefined && { tool_choice: choice }),
    ...(search && { web_search_options: {} }),
  };
}

function functionTool(declaration: unknown): JsonObject[] {
  if (!isRecord(declaration)) return [];
  const own = field(declaration, "parametersJsonSchema");
  const parameters = isRecord(own)
    ? own
    : isRecord(declaration.parameters)
      ? jsonSchemaOf(declaration.parameters)
      : undefined;
  const description = textOf(declaration.description);
  return [
    {
      type: "function",
      function: {
        name: textOf(declaration.name) ?? "",
        ...(description && { description }),
        parameters: parameters ?? { type: "object", properties: {} },
      },
    },
  ];
}

function choiceOf(config: JsonObject): unknown {
  const names = listOf(field(config, "allowedFunctionNames")).flatMap((name) => textOf(name) ?? []);
  const mode = textOf(config.mode)?.toUpperCase();
  if (mode === "NONE") return "none";
  if (mode !== "ANY") return mode === "AUTO" || mode === "VALIDATED" ? "auto" : undefined;
  const [name, ...more] = names;
  if (name === undefined) return "required";
  if (more.length === 0) return { type: "function", function: { name } };
  const allowed = names.map((one) => ({ type: "function", function: { name: one } }));
  return { type: "allowed_tools", allowed_tools: { mode: "required", tools: allowed } };
}
