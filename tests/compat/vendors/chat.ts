import { isRecord, listOf, textOf } from "@/server/wire/json";
import { type Heard, type Result, type Said, type Tool, tokens } from "@/tests/compat/vendors/model";
import { halves, type JsonObject, onlyKnows, pictureOf, Refusal, type Tongue } from "@/tests/compat/vendors/vendor";
import { validateAgainst } from "@/tests/support/openai-schema";

const MESSAGE_FIELDS = ["role", "content", "name", "refusal", "annotations", "audio", "tool_calls", "tool_call_id"];

/** OpenAI's chat completions. It takes what OpenAI's published description says, and nothing else. */
export const chatTongue: Tongue = {
  hear,
  whole: (said, heard) => ({
    ...about("chat.completion"),
    choices: [
      { index: 0, message: messageOf(said), logprobs: null, finish_reason: said.calls ? "tool_calls" : "stop" },
    ],
    usage: usageOf(heard),
  }),
  events,
  opening: 2,
  refusal: (_status, message) => ({ error: { message, type: "invalid_request_error", param: null, code: null } }),
};

/** The vendor's own `prompt_tokens` and `completion_tokens`. */
function usageOf(_heard: Heard) {
  return {
    prompt_tokens: tokens.input,
    completion_tokens: tokens.output,
    total_tokens: tokens.input + tokens.output,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
  };
}

function about(object: string) {
  return { id: "chatcmpl-7", object, created: 1_790_000_000, model: "gpt-4.1-2025-04-14" };
}

function hear(body: JsonObject): Heard {
  const faults = validateAgainst("CreateChatCompletionRequest", body);
  if (faults.length > 0) throw new Refusal(`Invalid request: ${faults.slice(0, 3).join("; ")}`);
  const talk = new Talk();
  for (const message of listOf(body.messages)) if (isRecord(message)) talk.add(message);
  talk.end();
  const format = isRecord(body.response_format) ? body.response_format : {};
  const schema = isRecord(format.json_schema) ? format.json_schema.schema : undefined;
  const choice = isRecord(body.tool_choice) && isRecord(body.tool_choice.function) ? body.tool_choice.function : {};
  return {
    stream: body.stream === true,
    prompt: talk.prompt,
    system: talk.system,
    tools: listOf(body.tools).flatMap(toolOf),
    forced: textOf(choice.name) ?? body.tool_choice === "required",
    results: talk.results,
    pictures: talk.pictures,
    schema,
    thinks: false,
  };
}

function toolOf(tool: unknown): Tool[] {
  if (!isRecord(tool) || !isRecord(tool.function)) return [];
  return [{ name: String(tool.function.name), schema: tool.function.parameters }];
}

class Talk {
  prompt = "";
  system = "";
  results: Result[] = [];
  pictures: { type: string; bytes: number }[] = [];
  readonly #calls = new Map<string, { name: string; args: unknown }>();
  #pending = new Set<string>();

  add(message: JsonObject): void {
    onlyKnows(message, MESSAGE_FIELDS, "messages");
    if (message.role === "tool") {
      this.#result(message);
      return;
    }
    this.end();
    if (message.role === "system" || message.role === "developer") this.system += textIn(message.content);
    else if (message.role === "user") this.#user(message.content);
    else for (const call of listOf(message.tool_calls)) this.#call(call);
  }

  end(): void {
    const [missing] = this.#pending;
    if (missing !== undefined)
      throw new Refusal(`An assistant message with 'tool_calls' must be followed by a tool message for '${missing}'.`);
  }

  #user(content: unknown): void {
    this.results = [];
    this.prompt = textIn(content);
    this.pictures = listOf(content).flatMap((part) =>
      isRecord(part) && isRecord(part.image_url) ? [pictureOf(part.image_url.url)] : [],
    );
  }

  #call(call: unknown): void {
    if (!isRecord(call) || !isRecord(call.function)) throw new Refusal("A tool call without a function.");
    onlyKnows(call, ["id", "type", "function"], "tool_calls");
    this.#pending.add(String(call.id));
    this.#calls.set(String(call.id), {
      name: String(call.function.name),
      args: JSON.parse(String(call.function.arguments)),
    });
  }

  #result(message: JsonObject): void {
    const id = String(message.tool_call_id);
    const call = this.#calls.get(id);
    if (!call || !this.#pending.delete(id)) throw new Refusal(`No tool call '${id}' comes before its result.`);
    this.results.push({ ...call, result: textIn(message.content) });
  }
}

/** A content's text, whether it is one text or parts. */
export function textIn(content: unknown): string {
  if (typeof content === "string") return content;
  return listOf(content)
    .map((part) => (isRecord(part) ? (textOf(part.text) ?? "") : ""))
    .join("");
}

function callsOf({ calls = [] }: Said): { id: string; name: string; args: string }[] {
  return calls.map(({ name, args }, index) => ({ id: `call_chat${index}`, name, args: JSON.stringify(args) }));
}

function messageOf(said: Said): object {
  const calls = callsOf(said).map(({ id, name, args }) => ({
    id,
    type: "function",
    function: { name, arguments: args },
  }));
  const base = { role: "assistant", content: said.text ?? null, refusal: null, annotations: [] };
  return { ...base, ...(calls.length > 0 && { tool_calls: calls }) };
}

function events(said: Said, heard: Heard): string[] {
  const chunk = (delta: object, finish: string | null = null) => ({
    ...about("chat.completion.chunk"),
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  });
  const tools = callsOf(said).flatMap(({ id, name, args }, index) => [
    chunk({ tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] }),
    ...halves(args).map((piece) => chunk({ tool_calls: [{ index, function: { arguments: piece } }] })),
  ]);
  const payloads = [
    chunk({ role: "assistant", content: said.calls ? null : "", refusal: null }),
    ...(said.text === undefined ? [] : halves(said.text).map((content) => chunk({ content }))),
    ...tools,
    chunk({}, said.calls ? "tool_calls" : "stop"),
    { ...about("chat.completion.chunk"), choices: [], usage: usageOf(heard) },
  ];
  return [...payloads.map((one) => JSON.stringify(one)), "[DONE]"].map((data) => `data: ${data}\n\n`);
}
