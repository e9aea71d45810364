import { describe, expect, test } from "vitest";
import { isRecord } from "@/server/wire/json";
import { models, useVendors } from "@/tests/compat/vendors";
import { eventsOf } from "@/tests/support/events";
import { keys } from "@/tests/support/fixture";
import { validateAgainst } from "@/tests/support/openai-schema";

const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const weather = { type: "function", function: { name: "weather", description: "The weather.", parameters } };
const schema = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};

/** Chat requests whose answers differ in form. */
const chats: Readonly<Record<string, object>> = {
  text: asks("Hello"),
  instructions: { messages: [{ role: "system", content: "Be brief." }, user("Hello")], temperature: 0.5 },
  "parallel tool calls": { ...asks("The weather in Paris and Rome?"), tools: [weather] },
  "a forced tool": {
    ...asks("The weather in Köln?"),
    tools: [weather],
    tool_choice: { type: "function", function: { name: "weather" } },
  },
  thinking: { ...asks("Hello"), reasoning_effort: "low" },
  "thinking before tools": { ...asks("The weather in Rome?"), tools: [weather], reasoning_effort: "high" },
  "structured output": {
    ...asks("Tell me of a city."),
    response_format: { type: "json_schema", json_schema: { name: "city", strict: true, schema } },
  },
};

/** The same for responses. */
const responses: Readonly<Record<string, object>> = {
  text: { input: "Hello" },
  instructions: { input: [user("Hello")], instructions: "Be brief.", metadata: { a: "b" }, temperature: 0.5 },
  "parallel tool calls": {
    input: "The weather in Paris and Rome?",
    tools: [{ type: "function", strict: false, ...weather.function }],
  },
  thinking: { input: "Hello", reasoning: { effort: "low", summary: "auto" }, store: false },
  "thinking before tools": {
    input: "The weather in Rome?",
    reasoning: { effort: "high", summary: "auto" },
    include: ["reasoning.encrypted_content"],
    tools: [{ type: "function", strict: false, ...weather.function }],
  },
  "structured output": {
    input: "Tell me of a city.",
    text: { format: { type: "json_schema", name: "city", strict: true, schema } },
  },
};

function user(content: string): object {
  return { role: "user", content };
}

function asks(content: string): { messages: object[] } {
  return { messages: [user(content)] };
}

/** Fields of ours, or of other vendors, that OpenAI's description does not have but allows. */
function faultsOf(name: string, values: readonly unknown[]): string[] {
  return values.flatMap((value) => validateAgainst(name, value).map((fault) => `${fault} in ${JSON.stringify(value)}`));
}

/** The description has one form for whole and streamed completions; in a stream what is not known yet is null. */
function withoutOpenEnds(event: unknown): unknown {
  if (!isRecord(event) || !Array.isArray(event.choices)) return event;
  const { usage, ...rest } = event;
  const choices = event.choices.map((choice) => ({ ...choice, finish_reason: choice.finish_reason ?? "stop" }));
  return { ...rest, ...(usage !== null && { usage }), choices };
}

describe("every answer on OpenAI's paths is as OpenAI describes it", () => {
  const { gate } = useVendors("server");
  const whole = async (path: string, body: object): Promise<unknown> => {
    const answer = await gate().post(path, body);
    const value: unknown = await answer.json();
    expect(answer.status, JSON.stringify(value)).toBe(200);
    return value;
  };
  const streamed = async (path: string, body: object): Promise<unknown[]> => {
    const answer = await gate().post(path, { ...body, stream: true });
    const text = await answer.text();
    expect(answer.headers.get("content-type"), text).toMatch("text/event-stream");
    return eventsOf(text).flatMap((data): unknown[] => (data === "[DONE]" ? [] : [JSON.parse(data)]));
  };

  describe.each(models)("$name", ({ model }) => {
    test.each(Object.entries(chats))("chat: %s", async (_name, body) => {
      const answer = await whole("/v1/chat/completions", { model, ...body });
      expect(faultsOf("CreateChatCompletionResponse", [answer])).toEqual([]);
      for (const stream_options of [undefined, { include_usage: true }]) {
        const chunks = await streamed("/v1/chat/completions", {
          model,
          ...body,
          ...(stream_options && { stream_options }),
        });
        expect(chunks.length).toBeGreaterThan(1);
        expect(faultsOf("CreateChatCompletionStreamResponse", chunks)).toEqual([]);
      }
    });

    test.each(Object.entries(responses))("responses: %s", async (_name, body) => {
      const answer = await whole("/v1/responses", { model, ...body });
      expect(faultsOf("Response", [answer])).toEqual([]);
      const events = await streamed("/v1/responses", { model, ...body });
      expect(faultsOf("ResponseStreamEvent", events)).toEqual([]);
      const types = events.map((event) => (isRecord(event) ? event.type : undefined));
      expect([types[0], types.at(-1)]).toEqual(["response.created", "response.completed"]);
      expect(events.map((event) => (isRecord(event) ? event.sequence_number : undefined))).toEqual([...events.keys()]);
    });

    test("responses: read again, with their input items, and deleted", async () => {
      const made = await whole("/v1/responses", { model, input: "Hello" });
      const id = isRecord(made) ? String(made.id) : "";
      const again = await (await gate().get(`/v1/responses/${id}`)).json();
      expect(faultsOf("Response", [again])).toEqual([]);
      if (model === "openai") return;
      const items = await (await gate().get(`/v1/responses/${id}/input_items`)).json();
      expect(faultsOf("ResponseItemList", [items])).toEqual([]);
    });

    test("responses: a stream that breaks", async () => {
      const events = await streamed("/v1/responses", { model, input: "cut" });
      expect(faultsOf("ResponseStreamEvent", events)).toEqual([]);
      const types = events.map((event) => (isRecord(event) ? event.type : undefined));
      expect(types).toContain("error");
      expect(types).not.toContain("response.completed");
    });

    test("completions", async () => {
      const body = { model, prompt: "Once" };
      expect(faultsOf("CreateCompletionResponse", [await whole("/v1/completions", body)])).toEqual([]);
      const events = await streamed("/v1/completions", { ...body, stream_options: { include_usage: true } });
      expect(events.length).toBeGreaterThan(1);
      expect(faultsOf("CreateCompletionResponse", events.map(withoutOpenEnds))).toEqual([]);
    });

    test.each([400, 404, 422, 429, 500])("an error of the vendor's, %d", async (status) => {
      for (const [path, body] of [
        ["/v1/chat/completions", asks(`fail ${status}`)],
        ["/v1/responses", { input: `fail ${status}` }],
      ] as const) {
        for (const stream of [false, true]) {
          const answer = await gate().post(path, { model, ...body, stream });
          expect(answer.status).toBeGreaterThanOrEqual(400);
          expect(faultsOf("ErrorResponse", [await answer.json()])).toEqual([]);
        }
      }
    });
  });

  test.each(["openai", "gemini"])("embeddings of %s", async (model) => {
    for (const input of ["one", ["one", "two"]])
      expect(faultsOf("CreateEmbeddingResponse", [await whole("/v1/embeddings", { model, input })])).toEqual([]);
    const encoded = await whole("/v1/embeddings", { model, input: "one", encoding_format: "base64" });
    expect(encoded).toMatchObject({ data: [{ embedding: expect.any(String) }] });
  });

  test("moderations", async () => {
    const answer = await whole("/v1/moderations", { model: "openai", input: ["hello", "I kill you"] });
    expect(faultsOf("CreateModerationResponse", [answer])).toEqual([]);
  });

  test("models", async () => {
    const list = await (await gate().get("/v1/models")).json();
    expect(faultsOf("ListModelsResponse", [list])).toEqual([]);
    expect(list.data.length).toBeGreaterThan(3);
    for (const { model } of models)
      expect(faultsOf("Model", [await (await gate().get(`/v1/models/${model}`)).json()])).toEqual([]);
  });

  test("errors of the gateway's own", async () => {
    const post = (path: string, body: object | string, key: string = keys.caller) => gate().post(path, body, { key });
    const answers = await Promise.all([
      ...["chat/completions", "responses", "completions", "embeddings", "moderations"].flatMap((path) => [
        post(`/v1/${path}`, "{"),
        post(`/v1/${path}`, {}),
        post(`/v1/${path}`, { model: "nothing", input: "a", prompt: "a", ...asks("a") }),
        post(`/v1/${path}`, { model: "like" }, "condt_wrong"),
      ]),
      post("/v1/chat/completions", { model: "gemini", ...asks("Hi"), tools: [{ type: "function" }] }),
      post("/v1/responses", { model: "claude", input: "Hi", previous_response_id: "resp_nobody" }),
      gate().get("/v1/models/nothing"),
      gate().get("/v1/responses/resp_nobody"),
      gate().get("/v1/chat/completions"),
      gate().get("/v1/nowhere"),
    ]);
    for (const answer of answers) {
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(faultsOf("ErrorResponse", [await answer.json()])).toEqual([]);
    }
  });
});
