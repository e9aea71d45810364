import { describe, expect, test } from "vitest";
import { ChatRequest } from "@/server/wire/chat";
import { frameParser } from "@/server/wire/framing";
import { noUsage } from "@/server/wire/usage";
import { assemble } from "@/tests/providers/assemble";
import { targetOf, typeOf } from "@/tests/providers/likes";

const replicate = typeOf("replicate");
if (replicate.chat?.kind !== "translated") throw new Error("Replicate's chat is a translation.");
const { chat } = replicate;
const context = { id: "chatcmpl-1", created: 1_700_000_000 };
const user = { role: "user", content: "Hi" };
const image = (url: string) => ({ type: "image_url", image_url: { url } });

function encoded(request: Record<string, unknown>, model = "meta/meta-llama-3-70b-instruct", options = {}) {
  const parsed = ChatRequest.parse({ model: "name", messages: [user], ...request });
  const { request: upstream, dropped } = chat.encode(parsed, targetOf("replicate", { model, options }));
  const body: { input: Record<string, unknown>; version?: string } = JSON.parse(String(upstream.body));
  return { ...body, url: upstream.url, headers: upstream.headers, dropped };
}

describe("a request", () => {
  const version = "0".repeat(64);
  test.each([
    ["meta/meta-llama-3-70b-instruct", "/models/meta/meta-llama-3-70b-instruct/predictions", undefined],
    [`acme/mine:${version}`, "/predictions", version],
    [version, "/predictions", version],
    ["deployments/acme/mine", "/deployments/acme/mine/predictions", undefined],
  ])("to %s goes to %s, and waits", (model, path, expected) => {
    const made = encoded({}, model);
    expect(made).toMatchObject({ url: `https://api.replicate.com/v1${path}`, headers: { prefer: "wait=60" } });
    expect(made.version).toBe(expected);
  });

  const said = {
    messages: [{ role: "system", content: "S" }, user],
    max_tokens: 9,
    temperature: 0.5,
    reasoning_effort: "low",
  };
  test.each([
    ["meta/llama", { prompt: "Hi", system_prompt: "S", max_tokens: 9, temperature: 0.5 }, ["reasoning_effort"]],
    [
      "openai/gpt-5",
      { prompt: "Hi", system_prompt: "S", max_completion_tokens: 9, temperature: 0.5, reasoning_effort: "low" },
      [],
    ],
    [
      "google/gemini-3-pro",
      { prompt: "Hi", system_instruction: "S", max_output_tokens: 9, temperature: 0.5 },
      ["reasoning_effort"],
    ],
    [
      "anthropic/claude-4.5-sonnet",
      { prompt: "Hi", system_prompt: "S", max_tokens: 9, temperature: 0.5 },
      ["reasoning_effort"],
    ],
    ["deepseek-ai/deepseek-v3", { prompt: "S\n\nHi", max_tokens: 9, temperature: 0.5 }, ["reasoning_effort"]],
  ])("to %s has its inputs' names", (model, input, dropped) => {
    const made = encoded(said, model);
    expect(made.input).toEqual(input);
    expect(made.dropped).toEqual(dropped);
  });

  test("says what a prompt cannot say", () => {
    const { dropped } = encoded({
      tools: [{ type: "function" }],
      tool_choice: "auto",
      n: 2,
      response_format: {},
      stop: "a",
      user: null,
    });
    expect(dropped.toSorted()).toEqual(["n", "response_format", "stop", "tool_choice", "tools"]);
    expect(encoded({ n: 1, stream: true, stream_options: {} }).dropped).toEqual([]);
  });

  test("with more than one turn is a transcript that leaves the word to the assistant", () => {
    const call = { id: "1", type: "function", function: { name: "f", arguments: '{"a":1}' } };
    const { input } = encoded({
      messages: [
        user,
        { role: "assistant", content: null, tool_calls: [call] },
        { role: "tool", tool_call_id: "1", content: "one" },
        {
          role: "user",
          content: [
            { type: "text", text: "And" },
            { type: "text", text: "now?" },
          ],
        },
      ],
    });
    expect(input.prompt).toBe(
      'User: Hi\n\nAssistant: [called f with {"a":1}]\n\nTool: one\n\nUser: And\nnow?\n\nAssistant:',
    );
    const begun = encoded({ messages: [user, { role: "assistant", content: "Once" }] });
    expect(begun.input.prompt).toBe("User: Hi\n\nAssistant: Once");
  });

  test("with images where the model takes them", () => {
    const messages = [
      {
        role: "user",
        content: [{ type: "text", text: "What?" }, image("https://a/1"), image("data:image/png;base64,AA")],
      },
    ];
    expect(encoded({ messages }, "openai/gpt-4o").input).toEqual({
      prompt: "What?",
      image_input: ["https://a/1", "data:image/png;base64,AA"],
    });
    const one = [{ role: "user", content: [image("https://a/1")] }];
    expect(encoded({ messages: one }, "anthropic/claude").input.image).toBe("https://a/1");
    for (const model of ["anthropic/claude", "meta/llama"])
      expect(() => encoded({ messages }, model)).toThrow(
        expect.objectContaining({ kind: "invalid_request", param: "messages" }),
      );
    const sound = [{ role: "user", content: [{ type: "input_audio", input_audio: {} }] }];
    expect(() => encoded({ messages: sound })).toThrow(expect.objectContaining({ param: "messages.0.content.0" }));
  });

  test("has the inputs that the admin set, unless the call says otherwise", () => {
    expect(encoded({ temperature: 1 }, "meta/llama", { input: { min_tokens: 1, temperature: 0 } }).input).toEqual({
      prompt: "Hi",
      min_tokens: 1,
      temperature: 1,
    });
  });
});

const prediction = {
  id: "gm3q",
  model: "meta/llama",
  status: "succeeded",
  output: ["Hel", "lo", ' { " ü'],
  metrics: { predict_time: 0.5, input_token_count: 12, output_token_count: 3 },
};

describe("an answer", () => {
  test("is put together", () => {
    expect(chat.decode(prediction, context)).toMatchObject({
      completion: {
        id: "gm3q",
        created: context.created,
        model: "meta/llama",
        choices: [{ index: 0, message: { role: "assistant", content: 'Hello { " ü' }, finish_reason: "stop" }],
      },
      usage: { ...noUsage, input: 12, output: 3 },
    });
    const { completion, usage } = chat.decode({ status: "succeeded", output: "Yes" }, context);
    expect(completion).toMatchObject({ id: context.id, choices: [{ message: { content: "Yes" } }] });
    expect(usage).toBeUndefined();
  });

  test.each([
    [{ status: "processing" }, "upstream_timeout"],
    [{ status: "starting", output: null }, "upstream_timeout"],
    [{ status: "failed", error: "CUDA out of memory" }, "upstream_unavailable"],
    [{ status: "canceled" }, "upstream_unavailable"],
    [{ status: "succeeded", output: { a: 1 } }, "upstream_garbled"],
    [{ status: "succeeded", output: [1] }, "upstream_garbled"],
    [{ status: "succeeded" }, "upstream_garbled"],
    [{}, "upstream_garbled"],
    [null, "upstream_garbled"],
  ])("%j is %s", (body, kind) => {
    expect(() => chat.decode(body, context)).toThrow(expect.objectContaining({ kind }));
    expect(chat.decodeStream(context)({ event: "", data: JSON.stringify(body) })).toMatchObject([
      { kind: "error", error: { kind } },
    ]);
  });

  test("a failed prediction says why", () => {
    expect(() => chat.decode({ status: "failed", error: "CUDA out of memory" }, context)).toThrow("CUDA out of memory");
  });
});

describe("a stream", () => {
  const bytes = Buffer.from(JSON.stringify(prediction, null, 1));
  const read = (chunks: readonly Uint8Array[]) => {
    const parser = frameParser(chat.framing);
    const decode = chat.decodeStream(context);
    return chunks.flatMap((chunk) => parser.push(chunk).flatMap((event) => [...decode(event)]));
  };

  test("is the whole answer in one piece, wherever its bytes are cut", () => {
    const whole = read([bytes]);
    expect(assemble(whole)).toMatchObject({
      role: "assistant",
      content: 'Hello { " ü',
      finishReasons: ["stop"],
      usage: { ...noUsage, input: 12, output: 3 },
      ended: true,
    });
    for (let cut = 1; cut < bytes.length; cut++)
      expect(read([bytes.subarray(0, cut), bytes.subarray(cut)])).toEqual(whole);
    expect(read(Array.from(bytes, (_byte, at) => bytes.subarray(at, at + 1)))).toEqual(whole);
  });

  test("that is cut short has no end", () => {
    expect(read([bytes.subarray(0, -2)])).toEqual([]);
  });

  test("of something else is garbled", () => {
    expect(chat.decodeStream(context)({ event: "", data: "[1" })).toMatchObject([
      { kind: "error", error: { kind: "upstream_garbled" } },
    ]);
  });
});

test.each([
  [401, { title: "Unauthenticated", detail: "You did not pass a valid token", status: 401 }, "upstream_denied"],
  [402, { title: "Insufficient credit", detail: "…" }, "upstream_denied"],
  [422, { title: "Input validation failed", detail: "- input.prompt: required" }, "upstream_rejected"],
  [429, { detail: "Request was throttled." }, "upstream_rate_limited"],
])("%d %j is %s", (status, body, kind) => {
  expect(replicate.classify(status, body).kind).toBe(kind);
});
