import { describe, expect, test } from "vitest";
import type { StreamPiece } from "@/server/providers/provider";
import { ChatRequest } from "@/server/wire/chat";
import { frameParser } from "@/server/wire/framing";
import { noUsage } from "@/server/wire/usage";
import { assemble } from "@/tests/providers/assemble";
import { targetOf, typeOf } from "@/tests/providers/likes";

const ollama = typeOf("ollama");
if (ollama.chat?.kind !== "translated") throw new Error("Ollama's chat is a translation.");
const { chat } = ollama;
const context = { id: "chatcmpl-1", created: 1_700_000_000 };
const at = (options: Record<string, unknown> = {}) =>
  targetOf("ollama", { baseUrl: "http://host:11434", model: "qwen3:8b", options });

function encoded(request: Record<string, unknown>, options?: Record<string, unknown>) {
  const parsed = ChatRequest.parse({ model: "name", messages: [{ role: "user", content: "Hi" }], ...request });
  const { request: upstream, dropped } = chat.encode(parsed, at(options));
  const body: Record<string, unknown> = JSON.parse(String(upstream.body));
  return { body, dropped, url: upstream.url };
}

describe("a request", () => {
  test("with settings goes to Ollama's own endpoint, settings among its options", () => {
    const tools = [{ type: "function", function: { name: "f", parameters: { type: "object" } } }];
    const { body, dropped, url } = encoded({
      stream: true,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      seed: 1,
      presence_penalty: 0.1,
      frequency_penalty: 0.2,
      max_completion_tokens: 9,
      stop: "END",
      tools,
      reasoning_effort: "high",
      logprobs: true,
      top_logprobs: 2,
      n: 1,
    });
    expect(url).toBe("http://host:11434/api/chat");
    expect(body).toEqual({
      model: "qwen3:8b",
      messages: [{ role: "user", content: "Hi" }],
      stream: true,
      options: {
        temperature: 0.5,
        top_p: 0.9,
        top_k: 40,
        seed: 1,
        presence_penalty: 0.1,
        frequency_penalty: 0.2,
        num_predict: 9,
        stop: ["END"],
      },
      tools,
      think: "high",
      logprobs: true,
      top_logprobs: 2,
    });
    expect(dropped).toEqual([]);
  });

  test("takes what the provider's options and the caller say of Ollama's own settings, the caller's first", () => {
    const options = { keepAlive: "10m", options: { num_ctx: 8192, temperature: 0.1 } };
    expect(encoded({ temperature: 0.7, options: { num_ctx: 4096 }, think: false }, options).body).toMatchObject({
      keep_alive: "10m",
      options: { num_ctx: 4096, temperature: 0.7 },
      think: false,
    });
    expect(encoded({ keep_alive: 0 }, options).body).toMatchObject({ keep_alive: 0, options: { num_ctx: 8192 } });
  });

  test("says what Ollama cannot be told", () => {
    const { body, dropped } = encoded({
      n: 2,
      logit_bias: { "1": 2 },
      user: "me",
      tool_choice: "required",
      parallel_tool_calls: true,
      store: null,
    });
    expect(dropped.toSorted()).toEqual(["logit_bias", "n", "parallel_tool_calls", "tool_choice", "user"]);
    expect(Object.keys(body).toSorted()).toEqual(["messages", "model", "stream"]);
  });

  test.each([
    [{ type: "json_object" }, "json"],
    [{ type: "json_schema", json_schema: { name: "a", schema: { type: "object" } } }, { type: "object" }],
    [{ type: "text" }, undefined],
  ])("for the format %j", (response_format, format) => {
    expect(encoded({ response_format }).body.format).toEqual(format);
  });

  test.each([
    ["none", false],
    ["minimal", true],
    ["low", "low"],
    ["xhigh", true],
  ])("with the effort %s", (reasoning_effort, think) => {
    expect(encoded({ reasoning_effort }).body.think).toBe(think);
  });

  test("offers no tools where none shall be called", () => {
    const tools = [{ type: "function", function: { name: "f" } }];
    expect(encoded({ tools, tool_choice: "none" })).toMatchObject({
      dropped: [],
      body: expect.not.objectContaining({ tools }),
    });
    expect(encoded({ tools: [...tools, { type: "custom", custom: { name: "g" } }] })).toMatchObject({
      body: { tools },
      dropped: ["tools"],
    });
  });

  test("with a history of images, reasoning and tools", () => {
    const call = (id: string, args: unknown) => ({ id, type: "function", function: { name: "f", arguments: args } });
    const { body } = encoded({
      messages: [
        { role: "developer", content: "Be brief." },
        {
          role: "user",
          content: [
            { type: "text", text: "What?" },
            { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
          ],
        },
        {
          role: "assistant",
          content: null,
          reasoning_content: "hm",
          tool_calls: [call("1", '{"a":1}'), call("2", ""), call("3", "null")],
        },
        { role: "tool", tool_call_id: "1", content: "one" },
        { role: "tool", tool_call_id: "unknown", content: [{ type: "text", text: "two" }] },
      ],
    });
    expect(body.messages).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "What?", images: ["AAAA"] },
      {
        role: "assistant",
        content: "",
        thinking: "hm",
        tool_calls: [
          { id: "1", function: { name: "f", arguments: { a: 1 } } },
          { id: "2", function: { name: "f", arguments: {} } },
          { id: "3", function: { name: "f", arguments: {} } },
        ],
      },
      { role: "tool", content: "one", tool_name: "f" },
      { role: "tool", content: "two" },
    ]);
  });

  test.each([
    ["messages.0.content.0.type", [{ role: "user", content: [{ type: "input_audio", input_audio: {} }] }]],
    [
      "messages.0.content.0.image_url.url",
      [{ role: "user", content: [{ type: "image_url", image_url: { url: "https://a/b.png" } }] }],
    ],
    ["messages.0.content.0", [{ role: "user", content: [7] }]],
    ["messages.0.content", [{ role: "user", content: 7 }]],
    ["messages.0.tool_calls.0.function", [{ role: "assistant", tool_calls: [{ id: "1" }] }]],
    [
      "messages.0.tool_calls.0.function.arguments",
      [{ role: "assistant", tool_calls: [{ function: { name: "f", arguments: "[1" } }] }],
    ],
    [
      "messages.0.tool_calls.0.function.arguments",
      [{ role: "assistant", tool_calls: [{ function: { name: "f", arguments: "[1]" } }] }],
    ],
  ])("that is malformed at %s is refused there", (param, messages) => {
    expect(() => encoded({ messages })).toThrow(expect.objectContaining({ kind: "invalid_request", param }));
  });

  test("has every image brought along", () => {
    expect(chat.fetchesUrl?.("https://example.com/a.png")).toBe(false);
  });
});

const done = { done: true, done_reason: "stop", prompt_eval_count: 26, eval_count: 8, total_duration: 5 };
const head = { model: "qwen3:8b", created_at: "2025-10-17T23:14:07.414671Z" };

describe("a whole answer", () => {
  test("with reasoning, text and tokens", () => {
    const body = { ...head, message: { role: "assistant", content: "Hello", thinking: "Greet." }, ...done };
    expect(chat.decode(body, context)).toEqual({
      completion: {
        id: "chatcmpl-1",
        object: "chat.completion",
        created: 1_760_742_847,
        model: "qwen3:8b",
        choices: [
          {
            index: 0,
            message: { role: "assistant", content: "Hello", refusal: null, reasoning_content: "Greet." },
            logprobs: null,
            finish_reason: "stop",
          },
        ],
      },
      usage: { ...noUsage, input: 26, output: 8 },
    });
  });

  test("with tool calls, whose ids are made up where there are none", () => {
    const tool_calls = [
      { function: { name: "f", arguments: { a: 1 } } },
      { id: "x", function: { name: "g", arguments: {} } },
    ];
    const { completion } = chat.decode({ ...head, message: { content: "", tool_calls }, ...done }, context);
    expect(completion.choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: {
        content: null,
        tool_calls: [
          { id: "call_chatcmpl-1_0", type: "function", function: { name: "f", arguments: '{"a":1}' } },
          { id: "x", type: "function", function: { name: "g", arguments: "{}" } },
        ],
      },
    });
  });

  test.each([
    ["length", "length"],
    ["stop", "stop"],
    ["load", "stop"],
    [undefined, "stop"],
  ])("that ended by %s has the reason %s", (done_reason, finish_reason) => {
    const { completion, usage } = chat.decode({ message: { content: "a" }, done: true, done_reason }, context);
    expect(completion.choices[0]?.finish_reason).toBe(finish_reason);
    expect(usage).toBeUndefined();
    expect(completion.created).toBe(context.created);
  });

  test("that is none is garbled", () => {
    for (const body of [null, "text", {}, { message: "a" }])
      expect(() => chat.decode(body, context)).toThrow(expect.objectContaining({ kind: "upstream_garbled" }));
  });
});

const lines = [
  { ...head, message: { role: "assistant", content: "", thinking: "Let me" }, done: false },
  { ...head, message: { role: "assistant", content: "", thinking: " see: ü" }, done: false },
  { ...head, message: { role: "assistant", content: "Sunny" }, done: false },
  { ...head, message: { role: "assistant", content: ", 20 °C" }, done: false },
  {
    ...head,
    message: { role: "assistant", content: "", tool_calls: [{ function: { name: "f", arguments: { a: 1 } } }] },
    done: false,
  },
  {
    ...head,
    message: { role: "assistant", content: "", tool_calls: [{ id: "b", function: { name: "g" } }] },
    done: false,
  },
  { ...head, message: { role: "assistant", content: "" }, ...done },
];

function piecesOf(chunks: Iterable<Uint8Array>): StreamPiece[] {
  const parser = frameParser(chat.framing);
  const read = chat.decodeStream(context);
  return [...chunks].flatMap((chunk) => parser.push(chunk).flatMap((event) => [...read(event)]));
}

describe("a stream", () => {
  const bytes = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));

  test("is read whole", () => {
    expect(assemble(piecesOf([bytes]))).toMatchObject({
      id: "chatcmpl-1",
      role: "assistant",
      content: "Sunny, 20 °C",
      reasoning: "Let me see: ü",
      toolCalls: [
        { id: "call_chatcmpl-1_0", function: { name: "f", arguments: '{"a":1}' } },
        { id: "b", function: { name: "g", arguments: "{}" } },
      ],
      finishReasons: ["tool_calls"],
      usage: { ...noUsage, input: 26, output: 8 },
      ended: true,
    });
  });

  test("is read the same cut at every byte, and byte by byte", () => {
    const whole = piecesOf([bytes]);
    for (let cut = 1; cut < bytes.length; cut++)
      expect(piecesOf([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(whole);
    expect(piecesOf(Array.from(bytes, (_byte, index) => bytes.subarray(index, index + 1)))).toEqual(whole);
  });

  test("without its last line has no end, and a garbled line is passed over", () => {
    const [first = {}] = lines;
    const pieces = piecesOf([Buffer.from(`${JSON.stringify(first)}\n{broken\n7\n`)]);
    expect(assemble(pieces)).toMatchObject({ reasoning: "Let me", ended: false });
  });

  test("that fails says why", () => {
    const pieces = piecesOf([Buffer.from('{"error":"an error was encountered while running the model"}\n')]);
    expect(pieces).toEqual([
      {
        kind: "error",
        error: { kind: "upstream_unavailable", message: "an error was encountered while running the model" },
      },
    ]);
  });
});

describe("embeddings", () => {
  test("of texts", () => {
    const { request, dropped } = ollama.embeddings?.encode(
      { model: "name", input: ["a", "b"], dimensions: 256, encoding_format: "base64", user: "me", truncate: false },
      at(),
    ) ?? { request: undefined, dropped: [] };
    expect(request?.url).toBe("http://host:11434/api/embed");
    expect(JSON.parse(String(request?.body))).toEqual({
      model: "qwen3:8b",
      input: ["a", "b"],
      dimensions: 256,
      truncate: false,
    });
    expect(dropped).toEqual(["user"]);
  });

  test("read from its own form", () => {
    const about = { request: { model: "m", input: "a" }, context };
    const body = { model: "e", embeddings: [[0.1, -0.2]], prompt_eval_count: 3 };
    expect(ollama.embeddings?.decode(body, about)).toEqual({
      response: { model: "e", vectors: [[0.1, -0.2]] },
      usage: { ...noUsage, input: 3 },
    });
    for (const wrong of [{}, { embeddings: [["a"]] }, { embeddings: [{}] }, []])
      expect(() => ollama.embeddings?.decode(wrong, about)).toThrow(
        expect.objectContaining({ kind: "upstream_garbled" }),
      );
  });
});
