import { describe, expect, test } from "vitest";
import { cohere } from "@/server/providers/cohere";
import { noUsage } from "@/server/wire/usage";
import { chat, context, encoded, streamed, target } from "@/tests/providers/cohere";

const REASONING = { model: "command-a-reasoning-08-2025" };
const weather = {
  type: "function",
  function: { name: "weather", description: "Tells it.", parameters: { type: "object", properties: {} } },
};
const time = { type: "function", function: { name: "time" } };

describe("a request", () => {
  test.each(["https://api.cohere.com", "https://api.cohere.com/v2", "https://api.cohere.com/compatibility/v1"])(
    "goes to version 2 from %s",
    (baseUrl) => expect(encoded({}, { baseUrl }).url).toBe("https://api.cohere.com/v2/chat"),
  );

  const conversation = [
    { role: "developer", content: "Be brief." },
    {
      role: "user",
      content: [
        { type: "text", text: "Weather?" },
        { type: "image_url", image_url: { url: "data:image/png;base64,AA", detail: "low" } },
      ],
    },
    {
      role: "assistant",
      content: null,
      reasoning_content: "I look.",
      tool_calls: [{ id: "1", type: "function", function: { name: "weather", arguments: "" } }],
    },
    { role: "tool", tool_call_id: "1", content: "Sunny" },
    { role: "assistant", content: "Sunny.", reasoning_content: "Done." },
    { role: "assistant", content: "" },
  ];
  const text = (value: string) => [{ type: "text", text: value }];
  const calls = [{ id: "1", type: "function", function: { name: "weather", arguments: "{}" } }];

  test("holds a conversation, with the plan behind a call", () => {
    expect(encoded({ messages: conversation }).body.messages).toEqual([
      { role: "system", content: text("Be brief.") },
      {
        role: "user",
        content: [
          ...text("Weather?"),
          { type: "image_url", image_url: { url: "data:image/png;base64,AA", detail: "low" } },
        ],
      },
      { role: "assistant", tool_plan: "I look.", tool_calls: calls },
      { role: "tool", tool_call_id: "1", content: text("Sunny") },
      { role: "assistant", content: text("Sunny.") },
    ]);
  });

  test("gives a model that reasons its thoughts back", () => {
    const thought = (thinking: string) => ({ type: "thinking", thinking });
    expect(encoded({ messages: conversation }, REASONING).body.messages).toMatchObject([
      {},
      {},
      { role: "assistant", content: [thought("I look.")], tool_calls: calls },
      {},
      { role: "assistant", content: [thought("Done."), ...text("Sunny.")] },
    ]);
  });

  test.each([
    [undefined, ["weather", "time"], undefined],
    ["auto", ["weather", "time"], undefined],
    ["none", ["weather", "time"], "NONE"],
    ["required", ["weather", "time"], "REQUIRED"],
    [{ type: "function", function: { name: "time" } }, ["time"], "REQUIRED"],
    [
      {
        type: "allowed_tools",
        allowed_tools: { mode: "auto", tools: [{ type: "function", function: { name: "time" } }] },
      },
      ["time"],
      undefined,
    ],
  ])("with the tool choice %j", (tool_choice, names, choice) => {
    const { body, dropped } = encoded({ tools: [weather, time], tool_choice });
    expect(body.tools).toMatchObject(names.map((name) => ({ type: "function", function: { name } })));
    expect(body.tool_choice).toBe(choice);
    expect(dropped).toEqual([]);
  });

  test("with tools: strict for all, a schema for each", () => {
    const strict = { type: "function", function: { ...weather.function, strict: true } };
    const { body } = encoded({ tools: [strict, time] });
    expect(body.strict_tools).toBe(true);
    expect(body.tools).toEqual([
      weather,
      { type: "function", function: { name: "time", parameters: { properties: {}, type: "object" } } },
    ]);
  });

  test("with settings under their own names; what is beyond their range is taken as its end", () => {
    const { body, dropped } = encoded({
      max_completion_tokens: 9,
      temperature: 1.5,
      top_p: 1,
      top_k: 3,
      seed: 7,
      frequency_penalty: -1,
      stop: "x",
      safety_mode: "STRICT",
      documents: ["A"],
      citation_options: { mode: "FAST" },
      n: 2,
      user: "u",
      logprobs: true,
      parallel_tool_calls: true,
    });
    expect(body).toMatchObject({
      ...{ max_tokens: 9, temperature: 1, p: 0.99, k: 3, seed: 7, frequency_penalty: 0, stop_sequences: ["x"] },
      ...{ safety_mode: "STRICT", documents: ["A"], citation_options: { mode: "FAST" } },
    });
    expect(dropped.toSorted()).toEqual(["frequency_penalty", "logprobs", "n", "user"]);
  });

  test("with an answer in JSON", () => {
    const schema = { type: "object", properties: {} };
    const json_schema = { name: "a", schema };
    const format = (response_format: object) => encoded({ response_format }).body.response_format;
    expect(format({ type: "json_object" })).toEqual({ type: "json_object" });
    expect(format({ type: "json_schema", json_schema })).toEqual({ type: "json_object", json_schema: schema });
    expect(format({ type: "text" })).toBeUndefined();
  });

  test.each([
    [{ reasoning_effort: "none" }, { type: "disabled" }],
    [{ reasoning_effort: "low" }, { type: "enabled", token_budget: 1024 }],
    [{ thinking: { type: "enabled", budget_tokens: 500 } }, { type: "enabled", token_budget: 500 }],
    [{ thinking: { type: "disabled" }, reasoning_effort: "high" }, { type: "disabled" }],
    [{}, undefined],
  ])("with thinking as in %j", (request, thinking) => {
    expect(encoded(request, REASONING).body.thinking).toEqual(thinking);
  });

  test("what a model without thoughts is asked of them is named", () => {
    expect(encoded({ reasoning_effort: "low" })).toMatchObject({ dropped: ["reasoning_effort"] });
    expect(encoded({ reasoning_effort: "none" }).dropped).toEqual([]);
  });

  test.each([
    ["messages.0.content.0", { messages: [{ role: "user", content: [{ type: "file", file: { file_data: "A" } }] }] }],
    ["messages.0.tool_call_id", { messages: [{ role: "tool", content: "A" }] }],
    ["messages.0.role", { messages: [{ role: "narrator", content: "A" }] }],
    ["tool_choice", { tools: [weather], tool_choice: { type: "function", function: { name: "other" } } }],
    ["tools.0.function.name", { tools: [{ type: "function", function: {} }] }],
  ])("is refused by the name of what is wrong: %s", (param, request) => {
    expect(() => encoded(request)).toThrow(expect.objectContaining({ kind: "invalid_request", param }));
  });
});

describe("an answer", () => {
  const decoded = (message: object, finish_reason = "COMPLETE", usage: object = {}) =>
    chat.decode({ id: "c-1", message: { role: "assistant", ...message }, finish_reason, usage }, context);

  test.each([
    ["COMPLETE", "stop"],
    ["STOP_SEQUENCE", "stop"],
    ["MAX_TOKENS", "length"],
    ["ERROR_TOXIC", "content_filter"],
    ["OF_LATER_DAYS", "stop"],
  ])("that ended with %s", (reason, finish) => {
    expect(decoded({ content: [{ type: "text", text: "A" }] }, reason).completion.choices[0]?.finish_reason).toBe(
      finish,
    );
    const made = streamed([
      { type: "message-start", id: "c-1" },
      { type: "message-end", delta: { finish_reason: reason } },
    ]);
    expect(made).toMatchObject({ finishReasons: [finish], ended: true, id: "c-1" });
  });

  test.each([
    ["ERROR", "upstream_unavailable"],
    ["TIMEOUT", "upstream_timeout"],
  ])("that failed with %s", (reason, kind) => {
    expect(() => decoded({ content: [] }, reason)).toThrow(expect.objectContaining({ kind }));
    const made = streamed([{ type: "message-end", delta: { finish_reason: reason, error: "Oh no" } }]);
    expect(made).toMatchObject({ ended: false, error: { kind, message: "Oh no" }, finishReasons: [] });
  });

  const citation = {
    start: 0,
    end: 2,
    text: "it",
    content_index: 1,
    sources: [
      { type: "document", id: "1", document: { url: "https://a.example", title: "A" } },
      { type: "document", id: "2", document: { snippet: "no address" } },
      { type: "tool", id: "3", tool_output: { url: "https://b.example" } },
    ],
  };
  const cited = (url: string, title: string) => ({
    type: "url_citation",
    url_citation: { url, title, start_index: 3, end_index: 5 },
  });

  test("has its citations of pages, in the place where they stand in the whole text", () => {
    const content = [
      { type: "text", text: "So " },
      { type: "text", text: "it is" },
    ];
    const citations = [citation, { ...citation, type: "PLAN" }];
    const message = decoded({ content, citations }).completion.choices[0]?.message;
    expect(message).toMatchObject({ content: "So it is" });
    expect(message?.annotations).toEqual([cited("https://a.example", "A"), cited("https://b.example", "")]);
    const made = streamed([
      { type: "message-start", id: "c-1" },
      { type: "content-start", index: 0, delta: { message: { content: { type: "text", text: "So " } } } },
      { type: "content-end", index: 0 },
      { type: "content-start", index: 1, delta: { message: { content: { type: "text", text: "" } } } },
      { type: "content-delta", index: 1, delta: { message: { content: { text: "it is" } } } },
      { type: "citation-start", index: 0, delta: { message: { citations: citation } } },
      { type: "message-end", delta: { finish_reason: "COMPLETE" } },
    ]);
    expect(made.annotations).toEqual([cited("https://a.example", "A"), cited("https://b.example", "")]);
  });

  test.each([
    [
      {
        billed_units: { input_tokens: 1, output_tokens: 2 },
        tokens: { input_tokens: 90, output_tokens: 2 },
        cached_tokens: 80,
      },
      { input: 1, output: 2 },
    ],
    [
      { tokens: { input_tokens: 90, output_tokens: 2 }, cached_tokens: 80 },
      { input: 10, cachedInput: 80, output: 2 },
    ],
    [{ billed_units: { input_tokens: 1, output_tokens: 2, search_units: 1 } }, { input: 1, output: 2, searchUnits: 1 }],
  ])("costs what was billed: %j", (usage, classes) => {
    expect(decoded({}, "COMPLETE", usage).usage).toEqual({ ...noUsage, ...classes });
  });

  test.each([[null], [{}], [{ message: { content: [1] } }]])("is not %j", (body) => {
    expect(() => chat.decode(body, context)).toThrow(expect.objectContaining({ kind: "upstream_garbled" }));
  });
});

describe("a stream", () => {
  const start = (index: number, call: object) => ({
    type: "tool-call-start",
    index,
    delta: { message: { tool_calls: call } },
  });
  const args = (index: number, text: string) => ({
    type: "tool-call-delta",
    index,
    delta: { message: { tool_calls: { function: { arguments: text } } } },
  });

  test("with calls whose pieces come in turns, without ids, never closed", () => {
    const made = streamed([
      start(0, { id: "a", function: { name: "a", arguments: "" } }),
      start(1, { function: { name: "b", arguments: '{"y"' } }),
      args(0, '{"x":1}'),
      args(1, ":2}"),
      { type: "tool-call-end", index: 0 },
      start(2, { id: "c", function: { name: "c" } }),
      { type: "message-end", delta: { finish_reason: "TOOL_CALL" } },
    ]);
    expect(made.toolCalls.map(({ id, function: f }) => [id, f.name, f.arguments])).toEqual([
      ["a", "a", '{"x":1}'],
      ["call_0123_1", "b", '{"y":2}'],
      ["c", "c", "{}"],
    ]);
    expect(made.finishReasons).toEqual(["tool_calls"]);
  });

  test("passes over what is malformed or unknown, and has no end without its last event", () => {
    const made = streamed([
      "{",
      { type: "debug" },
      { type: "content-delta", delta: null },
      { type: "content-delta", index: 0, delta: { message: { content: { text: "A" } } } },
    ]);
    expect(made).toMatchObject({ content: "A", ended: false, error: undefined });
  });

  test("that ends with an error's body", () => {
    expect(streamed([{ id: "1", message: "too many requests" }]).error).toEqual({
      kind: "upstream_unavailable",
      message: "too many requests",
    });
  });
});

describe("operations", () => {
  test("embeddings: what they are for is said by the caller, else by the admin", () => {
    const encode = (request: object, options = {}) => {
      const made = cohere.embeddings?.encode(
        { model: "m", input: "A", ...request },
        target({ options, model: "embed-v4.0" }),
      );
      return { url: made?.request.url, body: JSON.parse(String(made?.request.body)), dropped: made?.dropped };
    };
    expect(encode({ dimensions: 256, encoding_format: "base64", user: "u" })).toEqual({
      url: "https://api.cohere.com/v2/embed",
      body: {
        model: "embed-v4.0",
        texts: ["A"],
        input_type: "search_document",
        embedding_types: ["base64"],
        output_dimension: 256,
      },
      dropped: ["user"],
    });
    const options = { inputType: "classification" };
    expect(encode({}, options).body.input_type).toBe("classification");
    expect(encode({ input_type: "search_query" }, options).body.input_type).toBe("search_query");
    expect(() => encode({ input: [1, 2] })).toThrow(
      expect.objectContaining({ kind: "invalid_request", param: "input" }),
    );
    const about = { request: { model: "m", input: "A" }, context };
    expect(cohere.embeddings?.decode({ embeddings: { base64: ["AACAPw=="] } }, about).response.vectors).toEqual([
      "AACAPw==",
    ]);
  });

  test("a ranking takes texts", () => {
    const request = { model: "m", query: "q", documents: ["a", { text: "b" }], top_n: 1, return_documents: true };
    const made = cohere.rerank?.encode(request, target({ model: "rerank-v3.5" }));
    expect(made?.dropped).toEqual([]);
    expect(JSON.parse(String(made?.request.body))).toEqual({
      model: "rerank-v3.5",
      query: "q",
      documents: ["a", "b"],
      top_n: 1,
    });
  });

  test("models are listed by name", () => {
    expect(cohere.listModels?.encode(target()).url).toBe("https://api.cohere.com/v1/models?page_size=1000");
    expect(cohere.listModels?.decode({ models: [{ name: "command-a-03-2025" }, {}] })).toEqual([
      { id: "command-a-03-2025", ownedBy: "cohere" },
    ]);
    expect(() => cohere.listModels?.decode({})).toThrow(expect.objectContaining({ kind: "upstream_garbled" }));
  });

  test.each([
    [400, "upstream_rejected"],
    [401, "upstream_denied"],
    [422, "upstream_rejected"],
    [429, "upstream_rate_limited"],
    [498, "upstream_denied"],
    [503, "upstream_unavailable"],
    [504, "upstream_timeout"],
  ])("an error of status %d", (status, kind) => {
    expect(cohere.classify(status, { id: "1", message: "Bad." }).kind).toBe(kind);
  });
});
