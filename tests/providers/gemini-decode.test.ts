import { describe, expect, test } from "vitest";
import { gemini } from "@/server/providers/gemini";
import { unpackCarried } from "@/server/wire/carried";
import { noUsage, type Usage } from "@/server/wire/usage";
import { chat, context, decodedPieces, streamed, target } from "@/tests/providers/gemini";

type Candidate = Record<string, unknown>;

function response(parts: unknown[], rest: Candidate = { finishReason: "STOP" }) {
  return { candidates: [{ content: { role: "model", parts }, index: 0, ...rest }] };
}

function decoded(body: unknown) {
  const { completion } = chat.decode(body, context);
  const [choice] = completion.choices;
  if (!choice) throw new Error("There is no choice.");
  return choice;
}

describe("both forms of an answer", () => {
  const reasons: [string, string][] = [
    ["STOP", "stop"],
    ["MAX_TOKENS", "length"],
    ["SAFETY", "content_filter"],
    ["RECITATION", "content_filter"],
    ["LANGUAGE", "content_filter"],
    ["BLOCKLIST", "content_filter"],
    ["PROHIBITED_CONTENT", "content_filter"],
    ["SPII", "content_filter"],
    ["IMAGE_SAFETY", "content_filter"],
    ["OTHER", "stop"],
    ["MALFORMED_FUNCTION_CALL", "stop"],
    ["SOMETHING_NEW", "stop"],
  ];

  test.each(reasons)("%s after some text is %s", (finishReason, expected) => {
    const body = response([{ text: "Hi" }], { finishReason });
    expect(decoded(body)).toMatchObject({ message: { content: "Hi" }, finish_reason: expected });
    expect(streamed([body])).toMatchObject({ content: "Hi", finishReasons: [expected], ended: true });
  });

  test.each(["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MALFORMED_RESPONSE"])(
    "%s with nothing said is a failure that another target may mend",
    (finishReason) => {
      const body = response([], { finishReason, finishMessage: "Malformed call: print(" });
      const failure = expect.objectContaining({ kind: "upstream_garbled" });
      expect(() => chat.decode(body, context)).toThrow(failure);
      expect(streamed([body])).toMatchObject({ error: failure, ended: false, role: undefined });
    },
  );

  test("an answer that was withheld says so as a refusal", () => {
    const body = { candidates: [{ finishReason: "SAFETY", index: 0 }] };
    const refusal = "The provider withheld the answer (SAFETY).";
    expect(decoded(body)).toMatchObject({ message: { content: null, refusal }, finish_reason: "content_filter" });
    expect(streamed([body])).toMatchObject({ refusal, finishReasons: ["content_filter"], ended: true });
  });

  test("a prompt that was blocked is a refusal too", () => {
    const body = {
      promptFeedback: { blockReason: "PROHIBITED_CONTENT" },
      usageMetadata: { promptTokenCount: 9, totalTokenCount: 9 },
    };
    const refusal = "The provider blocked the prompt (PROHIBITED_CONTENT).";
    expect(decoded(body)).toMatchObject({ message: { content: null, refusal }, finish_reason: "content_filter" });
    expect(streamed([body])).toMatchObject({
      ...{ refusal, finishReasons: ["content_filter"], ended: true },
      usage: { ...noUsage, input: 9 },
    });
  });

  test("thoughts, text and the signature, which only Google is to have back", () => {
    const parts = [{ text: "Hm.", thought: true }, { text: "Yes." }, { text: "", thoughtSignature: "c2ln" }];
    const { message } = decoded(response(parts));
    expect(message).toMatchObject({ content: "Yes.", reasoning_content: "Hm." });
    expect(message.thinking_blocks?.[0]).toEqual({ type: "thinking", thinking: "Hm." });
    const made = streamed(parts.map((part, at) => response([part], at === 2 ? { finishReason: "STOP" } : {})));
    expect(made).toMatchObject({ content: "Yes.", reasoning: "Hm." });
    for (const block of [message.thinking_blocks?.[1], made.thinkingBlocks[0]]) {
      const signature = block?.type === "thinking" ? block.signature : undefined;
      expect(unpackCarried(signature)).toEqual({ google: { thought_signature: "c2ln" } });
    }
  });

  test("calls without ids get ones of their own, across candidates too", () => {
    const calls = [{ functionCall: { name: "a", args: { x: 1 } } }, { functionCall: { name: "b", id: "own" } }];
    const body = {
      candidates: [
        { content: { parts: calls }, finishReason: "STOP", index: 0 },
        { content: { parts: calls }, finishReason: "STOP", index: 1 },
      ],
    };
    const { completion } = chat.decode(body, context);
    expect(completion.choices.map(({ message }) => message.tool_calls)).toEqual([
      [
        { id: "call_context_0", type: "function", function: { name: "a", arguments: '{"x":1}' } },
        { id: "own", type: "function", function: { name: "b", arguments: "{}" } },
      ],
      [
        { id: "call_context_1_0", type: "function", function: { name: "a", arguments: '{"x":1}' } },
        { id: "own", type: "function", function: { name: "b", arguments: "{}" } },
      ],
    ]);
    expect(completion.choices.map(({ finish_reason }) => finish_reason)).toEqual(["tool_calls", "tool_calls"]);
  });

  test("what the answer rests on, by characters and not by bytes", () => {
    const text = "Größe: 3. Gut.";
    const groundingMetadata = {
      groundingChunks: [{ web: { uri: "https://a.example/", title: "A" } }, { web: { uri: "https://b.example/" } }],
      groundingSupports: [
        { segment: { startIndex: 12, endIndex: 16, text: "Gut." }, groundingChunkIndices: [0, 1] },
        { segment: { endIndex: 11 }, groundingChunkIndices: [0] },
      ],
    };
    const citation = (url: string, title: string, start_index: number, end_index: number) => ({
      type: "url_citation",
      url_citation: { url, title, start_index, end_index },
    });
    const expected = [
      citation("https://a.example/", "A", 10, 14),
      citation("https://b.example/", "", 10, 14),
      citation("https://a.example/", "A", 0, 9),
    ];
    const body = response([{ text }], { finishReason: "STOP", groundingMetadata });
    expect(decoded(body).message.annotations).toEqual(expected);
    const late = [response([{ text }], {}), response([], { finishReason: "STOP", groundingMetadata })];
    expect(streamed(late).annotations).toEqual(expected);
  });

  test("log probabilities", () => {
    const logprobsResult = {
      chosenCandidates: [{ token: "Hi", tokenId: 1, logProbability: -0.1 }],
      topCandidates: [
        {
          candidates: [
            { token: "Hi", logProbability: -0.1 },
            { token: "Yo", logProbability: -3 },
          ],
        },
      ],
    };
    const entry = { token: "Hi", logprob: -0.1, bytes: [72, 105] };
    expect(decoded(response([{ text: "Hi" }], { finishReason: "STOP", logprobsResult })).logprobs).toEqual({
      content: [{ ...entry, top_logprobs: [entry, { token: "Yo", logprob: -3, bytes: [89, 111] }] }],
      refusal: null,
    });
  });

  test("pictures and speech", () => {
    const picture = { inlineData: { mimeType: "image/png", data: "AAAA" } };
    const speech = { inlineData: { mimeType: "audio/L16;codec=pcm;rate=24000", data: "BBBB" } };
    const { message } = decoded(response([{ text: "See:" }, picture, speech]));
    expect(message.images).toEqual([{ type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }]);
    expect(message.audio).toMatchObject({ data: "BBBB" });
  });
});

describe("streams", () => {
  test("without an end are not taken for whole, whatever came", () => {
    expect(streamed([response([{ text: "Hi" }], {})])).toMatchObject({ content: "Hi", ended: false });
  });

  test("end when each of several answers does", () => {
    const one = (index: number, finishReason?: string) => ({
      candidates: [{ content: { parts: [{ text: `${index}` }] }, index, ...(finishReason && { finishReason }) }],
    });
    const pieces = decodedPieces([one(0), one(1), one(0, "STOP"), one(1, "MAX_TOKENS")]);
    expect(pieces.filter(({ kind }) => kind === "end")).toHaveLength(1);
    expect(pieces.at(-1)).toEqual({ kind: "end" });
  });

  test("take counts that come after the end", () => {
    const usageMetadata = { promptTokenCount: 1, candidatesTokenCount: 2, totalTokenCount: 3 };
    expect(decodedPieces([response([{ text: "Hi" }]), { usageMetadata }]).at(-1)).toEqual({
      kind: "usage",
      usage: { ...noUsage, input: 1, output: 2 },
    });
  });

  test("pass over an event that is not JSON, and one that is of another kind", () => {
    const made = streamed([response([{ text: "A" }], {}), "{oops", { candidates: 3 }, response([{ text: "B" }])]);
    expect(made).toMatchObject({ content: "AB", ended: true, error: undefined });
  });

  test.each([
    [{ error: { code: 503, message: "Overloaded.", status: "UNAVAILABLE" } }, "upstream_unavailable"],
    [{ error: { code: 429, message: "Slow.", status: "RESOURCE_EXHAUSTED" } }, "upstream_rate_limited"],
    [[{ error: { code: 400, message: "Bad.", status: "INVALID_ARGUMENT" } }], "upstream_rejected"],
    [{ error: { code: 504, message: "Late." } }, "upstream_timeout"],
  ])("end with the error %j", (event, kind) => {
    expect(streamed([response([{ text: "A" }], {}), event])).toMatchObject({ error: { kind }, ended: false });
  });

  test("a call that goes on when the answer ends is closed, and a new one closes the one before", () => {
    const partial = (functionCall: object) => response([{ functionCall }], {});
    const made = streamed([
      partial({ name: "a", willContinue: true }),
      partial({ partialArgs: [{ jsonPath: "$.x", stringValue: "1", willContinue: true }], willContinue: true }),
      partial({ partialArgs: [{ jsonPath: "$.x", stringValue: "2" }], willContinue: true }),
      partial({ name: "b", willContinue: true }),
      partial({
        partialArgs: [
          { jsonPath: "$['a b'].__proto__", boolValue: true },
          { jsonPath: "$.n[1]", nullValue: "NULL_VALUE" },
        ],
        willContinue: true,
      }),
      response([], { finishReason: "STOP" }),
    ]);
    expect(made.toolCalls.map((call) => call.type === "function" && call.function)).toEqual([
      { name: "a", arguments: '{"x":"12"}' },
      { name: "b", arguments: '{"a b":{"__proto__":true},"n":[null,null]}' },
    ]);
  });
});

describe("usage", () => {
  test.each<[string, object, Partial<Usage>]>([
    [
      "cached prompt, audio and tools at Google",
      {
        ...{ promptTokenCount: 100, cachedContentTokenCount: 40, candidatesTokenCount: 20, thoughtsTokenCount: 5 },
        ...{ toolUsePromptTokenCount: 10, totalTokenCount: 135 },
        promptTokensDetails: [
          { modality: "TEXT", tokenCount: 50 },
          { modality: "AUDIO", tokenCount: 50 },
        ],
        cacheTokensDetails: [{ modality: "AUDIO", tokenCount: 20 }],
        candidatesTokensDetails: [{ modality: "AUDIO", tokenCount: 15 }],
      },
      { input: 40, cachedInput: 40, audioInput: 30, output: 5, audioOutput: 15, reasoning: 5 },
    ],
    ["candidates that only the total counts", { promptTokenCount: 5, totalTokenCount: 12 }, { input: 5, output: 7 }],
    [
      "more cached than there is",
      { promptTokenCount: 5, cachedContentTokenCount: 9, candidatesTokenCount: 1 },
      { cachedInput: 5, output: 1 },
    ],
  ])("%s", (_name, usageMetadata, classes) => {
    const body = { ...response([{ text: "Hi" }]), usageMetadata };
    expect(chat.decode(body, context).usage).toEqual({ ...noUsage, ...classes });
  });

  test("a traffic type alone counts nothing", () => {
    const body = { ...response([{ text: "Hi" }]), usageMetadata: { trafficType: "ON_DEMAND" } };
    expect(chat.decode(body, context).usage).toBeUndefined();
  });
});

describe("what is no answer", () => {
  test.each([
    null,
    [],
    "x",
    {},
    { candidates: [] },
    { candidates: "x" },
    { candidates: [{ content: { parts: [3] } }] },
  ])("%j", (body) => {
    expect(() => chat.decode(body, context)).toThrow(expect.objectContaining({ kind: "upstream_garbled" }));
  });
});

describe("errors", () => {
  const invalidKey = {
    error: {
      code: 400,
      message: "API key not valid. Please pass a valid API key.",
      status: "INVALID_ARGUMENT",
      details: [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID" }],
    },
  };

  test.each([
    [400, invalidKey, "upstream_denied"],
    [400, { error: { code: 400, message: "Bad field.", status: "INVALID_ARGUMENT" } }, "upstream_rejected"],
    [403, { error: { code: 403, message: "No.", status: "PERMISSION_DENIED" } }, "upstream_denied"],
    [429, [{ error: { code: 429, message: "Slow.", status: "RESOURCE_EXHAUSTED" } }], "upstream_rate_limited"],
    [503, { error: { code: 503, message: "Busy.", status: "UNAVAILABLE" } }, "upstream_unavailable"],
    [504, "<html>", "upstream_timeout"],
  ])("%d %j", (status, body, kind) => {
    expect(gemini.classify(status, body).kind).toBe(kind);
  });

  test("the caller's own mistake is told in Google's words", () => {
    const body = { error: { code: 400, message: "Unknown name.", status: "INVALID_ARGUMENT" } };
    expect(gemini.classify(400, body)).toEqual({
      kind: "upstream_rejected",
      message: "Unknown name.",
      type: "INVALID_ARGUMENT",
      code: null,
      param: undefined,
    });
  });
});

describe("other operations", () => {
  test("embeddings of several texts in one request", () => {
    const request = { model: "name", input: ["a", "b"], dimensions: 8, task_type: "RETRIEVAL_QUERY", user: "u" };
    const made = gemini.embeddings?.encode(request, target({ model: "gemini-embedding-001" }));
    const one = (text: string) => ({
      ...{ model: "models/gemini-embedding-001", content: { parts: [{ text }] } },
      ...{ taskType: "RETRIEVAL_QUERY", outputDimensionality: 8 },
    });
    expect(made?.request.url).toMatch(/\/models\/gemini-embedding-001:batchEmbedContents$/);
    expect(JSON.parse(String(made?.request.body))).toEqual({ requests: [one("a"), one("b")] });
    expect(made?.dropped).toEqual(["user"]);
    const body = { embeddings: [{ values: [1, 2] }, { values: [3, 4] }] };
    expect(gemini.embeddings?.decode(body, { request, context })).toEqual({
      response: {
        model: "name",
        vectors: [
          [1, 2],
          [3, 4],
        ],
      },
      usage: undefined,
    });
    const garbled = expect.objectContaining({ kind: "upstream_garbled" });
    expect(() => gemini.embeddings?.decode({ embeddings: [{}] }, { request, context })).toThrow(garbled);
    expect(() => gemini.embeddings?.decode({ embeddings: [] }, { request, context })).toThrow(garbled);
    expect(() => gemini.embeddings?.encode({ model: "m", input: [1, 2] }, target())).toThrow(
      expect.objectContaining({ kind: "invalid_request", param: "input" }),
    );
  });

  test("tokens of a whole request are counted", () => {
    const request = { model: "name", messages: [{ role: "user", content: "Hi" }] };
    const made = gemini.countTokens?.encode(request, target());
    expect(made?.request.url).toMatch(/:countTokens$/);
    expect(JSON.parse(String(made?.request.body))).toEqual({
      generateContentRequest: {
        model: "models/gemini-2.5-flash",
        contents: [{ role: "user", parts: [{ text: "Hi" }] }],
      },
    });
    expect(gemini.countTokens?.decode({ totalTokens: 3 }, { request, context }).response).toEqual({ inputTokens: 3 });
    expect(() => gemini.countTokens?.decode({}, { request, context })).toThrow(
      expect.objectContaining({ kind: "upstream_garbled" }),
    );
  });

  test("models are listed without their collection", () => {
    const body = { models: [{ name: "models/gemini-2.5-pro" }, { name: "tunedModels/mine" }, {}] };
    expect(gemini.listModels?.decode(body)).toEqual([
      { id: "gemini-2.5-pro", ownedBy: "google" },
      { id: "tunedModels/mine", ownedBy: "google" },
    ]);
  });
});
