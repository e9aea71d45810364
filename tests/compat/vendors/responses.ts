import { isRecord, listOf, textOf } from "@/server/wire/json";
import { textIn } from "@/tests/compat/vendors/chat";
import { type Heard, type Result, type Said, type Tool, tokens } from "@/tests/compat/vendors/model";
import {
  halves,
  type JsonObject,
  pictureOf,
  Refusal,
  type Tongue,
  type TypedEvent,
} from "@/tests/compat/vendors/vendor";
import { validateAgainst } from "@/tests/support/openai-schema";
import { json, namedEvents, type Scenario } from "@/tests/support/upstream";

/**
 * OpenAI's responses, with the memory of what it answered that `previous_response_id` and item references need. `onKept` is
 * told what it keeps.
 */
export function responsesTongue(onKept: (id: string, body: JsonObject) => void): Tongue {
  const kept = new Map<string, { body: JsonObject; history: readonly JsonObject[] }>();
  let made = 0;
  let asked: { body: JsonObject; history: readonly JsonObject[] } = { body: {}, history: [] };
  const respond = (said: Said): JsonObject => {
    const id = `resp_vendor${made++}`;
    const body = { ...responseOf(asked.body, id), status: "completed", output: outputOf(said, id), usage };
    kept.set(id, { body, history: [...asked.history, ...body.output] });
    onKept(id, body);
    return body;
  };
  return {
    hear: (body) => {
      // The description's forms of input overlap, which it does not allow itself; they are read below.
      const faults = validateAgainst("CreateResponse", { ...body, input: "" });
      if (faults.length > 0) throw new Refusal(`Invalid request: ${faults.slice(0, 3).join("; ")}`);
      const before = textOf(body.previous_response_id);
      const past = before === undefined ? [] : kept.get(before)?.history;
      if (!past) throw new Refusal(`Previous response with id '${String(before)}' not found.`);
      const items = typeof body.input === "string" ? [{ role: "user", content: body.input }] : listOf(body.input);
      const answered = [...kept.values()].flatMap(({ history }) => history);
      asked = { body, history: [...past, ...items.filter(isRecord).map((item) => found(item, answered))] };
      return heardOf(body, asked.history);
    },
    whole: respond,
    events: (said) => eventsOf(respond(said)),
    opening: 5,
    refusal: (_status, message) => ({ error: { message, type: "invalid_request_error", param: null, code: null } }),
  };
}

function found(item: JsonObject, answered: readonly JsonObject[]): JsonObject {
  if (item.type !== "item_reference") return item;
  const referred = answered.find(({ id }) => id === item.id);
  if (!referred) throw new Refusal(`Item with id '${String(item.id)}' not found.`, 404);
  return referred;
}

function heardOf(body: JsonObject, items: readonly JsonObject[]): Heard {
  const calls = new Map<unknown, { name: string; args: unknown }>();
  let results: Result[] = [];
  for (const item of items) {
    if (item.role === "user") results = [];
    if (item.type === "function_call")
      calls.set(item.call_id, { name: String(item.name), args: JSON.parse(String(item.arguments)) });
    if (item.type !== "function_call_output") continue;
    const call = calls.get(item.call_id);
    if (!call) throw new Refusal(`No tool call found for function call output with call_id ${String(item.call_id)}.`);
    calls.delete(item.call_id);
    results.push({ ...call, result: textIn(item.output) });
  }
  if (calls.size > 0) throw new Refusal(`No tool output found for function call ${String([...calls.keys()][0])}.`);
  const last = items.findLast(({ role }) => role === "user");
  const format = isRecord(body.text) && isRecord(body.text.format) ? body.text.format : {};
  return {
    stream: body.stream === true,
    prompt: textIn(last?.content),
    system: [body.instructions, ...items.filter(isInstruction).map(({ content }) => content)].map(textIn).join(""),
    tools: listOf(body.tools).flatMap(toolOf),
    forced: isRecord(body.tool_choice) ? textOf(body.tool_choice.name) : body.tool_choice === "required",
    results,
    pictures: listOf(last?.content).flatMap((part) =>
      isRecord(part) && part.type === "input_image" ? [pictureOf(part.image_url)] : [],
    ),
    schema: format.schema,
    thinks: false,
  };
}

function isInstruction({ role }: JsonObject): boolean {
  return role === "system" || role === "developer";
}

function toolOf(tool: unknown): Tool[] {
  return isRecord(tool) && tool.type === "function" ? [{ name: String(tool.name), schema: tool.parameters }] : [];
}

/** Reads and deletes one answer that was kept. */
export function keptResponse(body: JsonObject): Scenario {
  let deleted = false;
  return (request, response) => {
    if (deleted) return json({ error: { message: "Response not found." } }, { status: 404 })(request, response);
    deleted = request.method === "DELETE";
    return json(deleted ? { id: body.id, object: "response", deleted } : body)(request, response);
  };
}

const usage = {
  input_tokens: tokens.input,
  input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
  output_tokens: tokens.output,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: tokens.input + tokens.output,
};

function responseOf(body: JsonObject, id: string) {
  return {
    id,
    object: "response",
    created_at: 1_790_000_000,
    status: "in_progress",
    error: null,
    incomplete_details: null,
    instructions: body.instructions ?? null,
    metadata: {},
    model: "gpt-4.1-2025-04-14",
    output: [],
    parallel_tool_calls: true,
    previous_response_id: body.previous_response_id ?? null,
    temperature: 1,
    tool_choice: "auto",
    tools: [],
    top_p: 1,
  };
}

function outputOf({ text, calls = [] }: Said, id: string): JsonObject[] {
  const content = [{ type: "output_text", text, annotations: [], logprobs: [] }];
  return [
    ...(text === undefined
      ? []
      : [{ id: `msg_${id}`, type: "message", role: "assistant", status: "completed", content }]),
    ...calls.map(({ name, args }, index) => ({
      id: `fc_${id}_${index}`,
      type: "function_call",
      status: "completed",
      call_id: `call_${id}_${index}`,
      name,
      arguments: JSON.stringify(args),
    })),
  ];
}

function eventsOf(response: JsonObject): string[] {
  const { usage: _usage, ...early } = response;
  const begun = { ...early, status: "in_progress", output: [] };
  const items = listOf(response.output).filter(isRecord);
  const events: TypedEvent[] = [
    { type: "response.created", response: begun },
    { type: "response.in_progress", response: begun },
    ...items.flatMap((item, output_index) => (item.type === "message" ? spoken : called)(item, output_index)),
    { type: "response.completed", response },
  ];
  return events.map((event, index) => namedEvents([Object.assign(event, { sequence_number: index })]));
}

function spoken(item: JsonObject, output_index: number): TypedEvent[] {
  const [part] = listOf(item.content);
  const text = isRecord(part) ? String(part.text) : "";
  const at = { item_id: item.id, output_index, content_index: 0 };
  const empty = { type: "output_text", text: "", annotations: [], logprobs: [] };
  return [
    { type: "response.output_item.added", output_index, item: { ...item, status: "in_progress", content: [] } },
    { type: "response.content_part.added", ...at, part: empty },
    ...halves(text).map((delta) => ({ type: "response.output_text.delta", ...at, delta, logprobs: [] })),
    { type: "response.output_text.done", ...at, text, logprobs: [] },
    { type: "response.content_part.done", ...at, part },
    { type: "response.output_item.done", output_index, item },
  ];
}

function called(item: JsonObject, output_index: number): TypedEvent[] {
  const at = { item_id: item.id, output_index };
  const text = String(item.arguments);
  return [
    { type: "response.output_item.added", output_index, item: { ...item, status: "in_progress", arguments: "" } },
    ...halves(text).map((delta) => ({ type: "response.function_call_arguments.delta", ...at, delta })),
    { type: "response.function_call_arguments.done", ...at, name: item.name, arguments: text },
    { type: "response.output_item.done", output_index, item },
  ];
}
