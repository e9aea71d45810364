import { describe, expect, test } from "vitest";
import type { Located } from "@/server/dialects/dialect";
import { generateContent as dialect } from "@/server/dialects/gemini";
import { GatewayError } from "@/server/errors";
import { anthropic } from "@/server/providers/anthropic";
import { gemini } from "@/server/providers/gemini";
import type { ChatChunk, ChatCompletion } from "@/server/wire/chat";
import { carriedSignature, readSignature } from "@/server/wire/gemini-signature";
import { noUsage } from "@/server/wire/usage";
import { chat, context as decoding, encoded, streamed, target } from "@/tests/providers/gemini";
import { eventsOf, recordedBody, recordedLines, recordings } from "@/tests/providers/recordings";

const context = { id: "0123456789abcdef0123456789abcdef", created: 1_700_000_000, model: "my-model" };

function at(method = "generateContent", model = "my-model"): Located {
  return { params: { id: `${model}:${method}` }, query: new URLSearchParams() };
}

function canonical(body: Record<string, unknown>, located = at()) {
  return dialect.toCanonical({ contents: [{ parts: [{ text: "Hello" }] }], ...body }, located);
}

describe("where a request goes", () => {
  test("the path says it", () => {
    expect(dialect.read({}, at())).toEqual({ model: "my-model", stream: false });
    expect(dialect.read({}, at("streamGenerateContent", "vendor/m:1"))).toEqual({ model: "vendor/m:1", stream: true });
  });

  test.each(["my-model", "my-model:embedContent", ":generateContent", ""])("%j names no method", (id) => {
    expect(() => dialect.read({}, { params: { id }, query: new URLSearchParams() })).toThrow(
      expect.objectContaining({ kind: "not_found" }),
    );
  });

  test.each([{}, { contents: [] }, { contents: [3] }])("%j is no request", (body) => {
    expect(dialect.schema.safeParse(body).success).toBe(false);
  });
});

describe("requests in the canonical form", () => {
  test("every setting that has a counterpart, under either name", () => {
    const schema = { type: "OBJECT", properties: { a: { type: "STRING", nullable: true } }, propertyOrdering: ["a"] };
    const { request, dropped } = canonical(
      {
        system_instruction: { parts: [{ text: "Be kind." }] },
        generation_config: {
          ...{ temperature: 0.5, top_p: 0.9, topK: 3, max_output_tokens: 7, candidateCount: 2, stop_sequences: ["x"] },
          ...{ seed: 1, presencePenalty: 0.1, frequencyPenalty: 0.2, responseLogprobs: true, logprobs: 4 },
          ...{ responseMimeType: "application/json", response_schema: schema, mediaResolution: "MEDIA_RESOLUTION_LOW" },
          ...{ thinking_config: { thinking_budget: 8000, includeThoughts: true } },
        },
        safetySettings: [{ category: "x" }],
        cached_content: "cachedContents/a",
        labels: null,
      },
      at("streamGenerateContent"),
    );
    expect(request).toEqual({
      ...{ model: "my-model", stream: true, stream_options: { include_usage: true } },
      messages: [
        { role: "system", content: "Be kind." },
        { role: "user", content: "Hello" },
      ],
      ...{ temperature: 0.5, top_p: 0.9, top_k: 3, max_completion_tokens: 7, n: 2, stop: ["x"], seed: 1 },
      ...{ presence_penalty: 0.1, frequency_penalty: 0.2, logprobs: true, top_logprobs: 4, reasoning_effort: "medium" },
      response_format: {
        type: "json_schema",
        json_schema: {
          name: "response",
          schema: { type: "object", properties: { a: { type: ["string", "null"] } } },
        },
      },
    });
    expect(dropped.toSorted()).toEqual(["cached_content", "generationConfig.mediaResolution", "safetySettings"]);
  });

  test.each([
    [{ thinkingLevel: "LOW" }, "low"],
    [{ thinking_level: "HIGH" }, "high"],
    [{ thinkingBudget: 0 }, "none"],
    [{ thinkingBudget: 500 }, "low"],
    [{ thinkingBudget: 30_000 }, "high"],
    [{ thinkingBudget: -1 }, undefined],
  ])("thinking as %j is the effort %s", (thinkingConfig, effort) => {
    expect(canonical({ generationConfig: { thinkingConfig } }).request.reasoning_effort).toBe(effort);
  });

  test("tools, in Google's form of schema or in JSON Schema", () => {
    const parameters = {
      type: "OBJECT",
      properties: { n: { type: "ARRAY", items: { type: "INTEGER" }, minItems: "1" } },
    };
    const json = { type: "object", properties: { a: { const: 1 } } };
    const { request, dropped } = canonical({
      tools: [
        {
          functionDeclarations: [
            { name: "a", description: "A.", parameters },
            { name: "b", parametersJsonSchema: json },
            { name: "c" },
          ],
        },
        { google_search: {} },
        { codeExecution: {} },
      ],
      tool_config: { function_calling_config: { mode: "any", allowed_function_names: ["a"] } },
    });
    expect(request.tools).toEqual([
      {
        type: "function",
        function: {
          ...{ name: "a", description: "A." },
          parameters: {
            type: "object",
            properties: { n: { type: "array", items: { type: "integer" }, minItems: 1 } },
          },
        },
      },
      { type: "function", function: { name: "b", parameters: json } },
      { type: "function", function: { name: "c", parameters: { type: "object", properties: {} } } },
    ]);
    expect(request.tool_choice).toEqual({ type: "function", function: { name: "a" } });
    expect(request.web_search_options).toEqual({});
    expect(dropped).toEqual(["tools.codeExecution"]);
  });

  test("media by their types", () => {
    const { request, dropped } = canonical({
      contents: {
        role: "user",
        parts: [
          { inline_data: { mime_type: "image/png", data: "A-_A" } },
          { inlineData: { mimeType: "audio/wav", data: "BBBB" } },
          { inlineData: { mimeType: "application/pdf", data: "CCCC" } },
          { fileData: { mimeType: "image/jpeg", fileUri: "https://example.com/a.jpg" } },
          { file_data: { file_uri: "https://youtu.be/x" } },
          { executableCode: { code: "1" } },
        ],
      },
    });
    expect(request.messages).toEqual([
      {
        role: "user",
        content: [
          { type: "image_url", image_url: { url: "data:image/png;base64,A+/A" } },
          { type: "input_audio", input_audio: { data: "BBBB", format: "wav" } },
          { type: "file", file: { filename: "file.pdf", file_data: "data:application/pdf;base64,CCCC" } },
          { type: "image_url", image_url: { url: "https://example.com/a.jpg" } },
          { type: "file", file: { file_data: "https://youtu.be/x" } },
        ],
      },
    ]);
    expect(dropped).toEqual(["contents.parts.executableCode"]);
  });

  test("a tool loop whose calls have no ids: results answer the oldest open call of their name", () => {
    const { messages } = canonical({
      contents: [
        { role: "user", parts: [{ text: "Go" }] },
        {
          role: "model",
          parts: [
            { text: "Hm.", thought: true },
            { functionCall: { name: "a", args: { x: 1 } }, thoughtSignature: "c2ln" },
            { functionCall: { name: "a", args: { x: 2 } } },
            { functionCall: { name: "b", id: "own" } },
          ],
        },
        {
          role: "user",
          parts: [
            { functionResponse: { name: "a", response: { result: "one" } } },
            { functionResponse: { name: "b", id: "own", response: { error: "no" } } },
            { function_response: { name: "a", response: { degrees: 2 } } },
            { text: "And?" },
          ],
        },
      ],
    }).request;
    const call = (id: string, name: string, args: string) => ({
      id,
      type: "function",
      function: { name, arguments: args },
    });
    expect(messages).toEqual([
      { role: "user", content: "Go" },
      {
        ...{ role: "assistant", content: null, reasoning_content: "Hm." },
        tool_calls: [
          { ...call("call_1_0", "a", '{"x":1}'), extra_content: { google: { thought_signature: "c2ln" } } },
          call("call_1_1", "a", '{"x":2}'),
          call("own", "b", "{}"),
        ],
      },
      { role: "tool", tool_call_id: "call_1_0", name: "a", content: "one" },
      { role: "tool", tool_call_id: "own", name: "b", content: "no", is_error: true },
      { role: "tool", tool_call_id: "call_1_1", name: "a", content: '{"degrees":2}' },
      { role: "user", content: "And?" },
    ]);
  });

  test("turns of the model that follow one another, as clients keep a stream's events, are one", () => {
    const model = (...parts: object[]) => ({ role: "model", parts });
    const { messages } = canonical({
      contents: [
        { role: "user", parts: [{ text: "Go" }] },
        model({ text: "Hm.", thought: true }),
        model({ text: "Hel" }, { text: "lo" }),
        model({ text: "!" }),
        model({ functionCall: { id: "a", name: "f" } }),
      ],
    }).request;
    expect(messages).toEqual([
      { role: "user", content: "Go" },
      {
        ...{ role: "assistant", content: "Hello!", reasoning_content: "Hm." },
        tool_calls: [{ id: "a", type: "function", function: { name: "f", arguments: "{}" } }],
      },
    ]);
  });

  test.each([
    [{ contents: [{ role: "bishop", parts: [] }] }, "contents.0.role"],
    [{ contents: [{ parts: [3] }] }, "contents.0.parts.0"],
    [
      { contents: [{ parts: [{ functionResponse: { name: "a", response: {} } }] }] },
      "contents.0.parts.0.functionResponse.name",
    ],
    [{ generationConfig: { maxOutputTokens: 0 } }, "max_completion_tokens"],
  ])("%j is refused with its path", (body, param) => {
    expect(() => canonical(body)).toThrow(expect.objectContaining({ kind: "invalid_request", param }));
  });

  test("a limit is set under the name that the caller used", () => {
    const asked = { generation_config: { temperature: 1, max_output_tokens: 9 } };
    expect(dialect.limitOutput(asked, 5)).toEqual({ generation_config: { temperature: 1, maxOutputTokens: 5 } });
    expect(dialect.limitOutput({}, 5)).toEqual({ generationConfig: { maxOutputTokens: 5 } });
  });

  test("what Gemini itself is asked comes back the same through the canonical form", () => {
    const body = {
      systemInstruction: { parts: [{ text: "Be kind." }] },
      contents: [
        { role: "user", parts: [{ text: "A" }, { inlineData: { mimeType: "image/png", data: "AAAA" } }] },
        {
          role: "model",
          parts: [
            { text: "B", thoughtSignature: "dGV4dA==" },
            { functionCall: { id: "1", name: "f", args: { x: [1] } }, thoughtSignature: "c2ln" },
          ],
        },
        { role: "user", parts: [{ functionResponse: { id: "1", name: "f", response: { y: 2 } } }] },
      ],
      tools: [
        {
          functionDeclarations: [
            { name: "f", parametersJsonSchema: { type: "object", properties: { x: { type: "array", items: {} } } } },
          ],
        },
      ],
      toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["f"] } },
      generationConfig: { temperature: 1, maxOutputTokens: 5, stopSequences: ["x"] },
    };
    expect(encoded(canonical(body).request, "gemini-3-pro-preview").body).toEqual(body);
  });
});

type Message = ChatCompletion["choices"][number]["message"];

function answered(message: Partial<Message>, rest: Partial<ChatCompletion["choices"][number]> = {}, body = {}) {
  const completion: ChatCompletion = {
    ...{ id: "x", object: "chat.completion", created: 0, model: "upstream" },
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: null, refusal: null, ...message },
        logprobs: null,
        finish_reason: "stop",
        ...rest,
      },
    ],
  };
  return dialect.encodeAnswer(completion, { usage: undefined, body, context });
}

function chunk(delta: ChatChunk["choices"][number]["delta"], finish: "stop" | "tool_calls" | null = null): ChatChunk {
  return {
    ...{ id: "x", object: "chat.completion.chunk", created: 0, model: "upstream" },
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
  };
}

/** The responses that a caller gets for these chunks. */
function written(chunks: readonly ChatChunk[], body = {}) {
  const encoder = dialect.encodeStream(body, context, at("streamGenerateContent"));
  const text = [...chunks.map((one) => encoder.chunk(one)), encoder.finish({ ...noUsage, input: 3, output: 4 })].join(
    "",
  );
  return eventsOf([Buffer.from(text)]).map(({ data }): unknown => JSON.parse(data));
}

const thoughts = { generationConfig: { thinkingConfig: { includeThoughts: true } } };
const signed = { type: "thinking", thinking: "Hm.", signature: "EqQBCg==" } as const;

describe("answers", () => {
  test("text, its end and the counts", () => {
    const completion = { content: "Hi", reasoning_content: "Hm." };
    expect(answered(completion)).toEqual({
      candidates: [{ content: { parts: [{ text: "Hi" }], role: "model" }, finishReason: "STOP", index: 0 }],
      modelVersion: "upstream",
      responseId: "x",
    });
    expect(answered(completion, { finish_reason: "length" }, thoughts)).toMatchObject({
      candidates: [
        { content: { parts: [{ text: "Hm.", thought: true }, { text: "Hi" }] }, finishReason: "MAX_TOKENS" },
      ],
    });
  });

  test("a refusal, pictures, citations and log probabilities", () => {
    expect(answered({ refusal: "No." }, { finish_reason: "content_filter" })).toMatchObject({
      candidates: [{ content: { parts: [{ text: "No." }] }, finishReason: "SAFETY", finishMessage: "No." }],
    });
    const made = answered(
      {
        content: "Größe: 3.",
        images: [{ type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }],
        annotations: [
          {
            type: "url_citation",
            url_citation: { url: "https://a.example/", title: "A", start_index: 7, end_index: 9 },
          },
        ],
      },
      { logprobs: { content: [{ token: "Hi", logprob: -1, top_logprobs: [{ token: "Hi", logprob: -1 }] }] } },
    );
    expect(made).toMatchObject({
      candidates: [
        {
          content: { parts: [{ text: "Größe: 3." }, { inlineData: { mimeType: "image/png", data: "AAAA" } }] },
          groundingMetadata: {
            groundingChunks: [{ web: { uri: "https://a.example/", title: "A" } }],
            groundingSupports: [{ segment: { startIndex: 9, endIndex: 11, text: "3." }, groundingChunkIndices: [0] }],
          },
          logprobsResult: {
            chosenCandidates: [{ token: "Hi", logProbability: -1 }],
            topCandidates: [{ candidates: [{ token: "Hi", logProbability: -1 }] }],
          },
        },
      ],
    });
  });

  test("streamed calls come whole, in turn, with the end", () => {
    const events = written([
      chunk({ role: "assistant", content: "" }),
      chunk({ content: "Hi" }),
      chunk({ tool_calls: [{ index: 0, id: "a", type: "function", function: { name: "f", arguments: '{"x"' } }] }),
      chunk({ tool_calls: [{ index: 1, id: "b", type: "function", function: { name: "g", arguments: "" } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: ":1}" } }] }),
      chunk({}, "tool_calls"),
    ]);
    const about = { modelVersion: "upstream", responseId: "x" };
    expect(events).toEqual([
      { candidates: [{ content: { parts: [{ text: "Hi" }], role: "model" }, index: 0 }], ...about },
      {
        candidates: [
          {
            content: {
              parts: [
                { functionCall: { id: "a", name: "f", args: { x: 1 } } },
                { functionCall: { id: "b", name: "g", args: {} } },
              ],
              role: "model",
            },
            ...{ finishReason: "STOP", index: 0 },
          },
        ],
        usageMetadata: {
          ...{ promptTokenCount: 3, candidatesTokenCount: 4, totalTokenCount: 7 },
          promptTokensDetails: [{ modality: "TEXT", tokenCount: 3 }],
          candidatesTokensDetails: [{ modality: "TEXT", tokenCount: 4 }],
        },
        ...about,
      },
    ]);
  });

  test("an error is Google's, whole and in a stream", () => {
    const error = new GatewayError("rate_limited", "Slow down.", { retryAfterSeconds: 1.2, param: "contents" });
    const body = dialect.errorBody(error, "req_1");
    expect(body).toMatchObject({
      error: {
        ...{ code: 429, message: "Slow down.", status: "RESOURCE_EXHAUSTED" },
        details: [
          { "@type": "type.googleapis.com/google.rpc.BadRequest", fieldViolations: [{ field: "contents" }] },
          { reason: "RATE_LIMIT_EXCEEDED" },
          { retryDelay: "2s" },
          { requestId: "req_1" },
        ],
      },
    });
    expect(gemini.classify(429, body)).toMatchObject({ kind: "upstream_rate_limited", retryAfterSeconds: 2 });
    const encoder = dialect.encodeStream({}, context, at());
    expect(encoder.fail(error)).toMatch(/^data: \{"error":\{"code":429,/);
  });
});

describe("another vendor's thinking", () => {
  const calls = [{ id: "a", type: "function", function: { name: "f", arguments: "{}" } }] as const;

  test.each([
    ["with a call", { thinking_blocks: [signed], tool_calls: [...calls] }],
    ["with a text", { thinking_blocks: [signed], content: "Hi" }],
    ["alone", { thinking_blocks: [signed] }],
  ])("comes back from a caller who knows nothing of it: %s", (_name, message) => {
    const made = answered(message);
    const [candidate] = Array.isArray(made.candidates) ? made.candidates : [];
    const contents = [{ role: "user", parts: [{ text: "Go" }] }, candidate.content];
    const [, turn] = canonical({ contents }).request.messages;
    expect(turn?.thinking_blocks).toEqual([signed]);
    const { request } =
      anthropic.chat?.kind === "translated"
        ? anthropic.chat.encode(
            canonical({ contents }).request,
            target({ baseUrl: "https://a.example", model: "claude-opus-5" }),
          )
        : { request: undefined };
    expect(JSON.parse(String(request?.body)).messages[1].content[0]).toEqual(signed);
  });

  test("comes back from a stream too", () => {
    const events = written([
      chunk({ role: "assistant", content: "" }),
      chunk({ thinking_blocks: [signed] }),
      chunk({ tool_calls: [{ index: 0, id: "a", type: "function", function: { name: "f", arguments: "{}" } }] }),
      chunk({}, "tool_calls"),
    ]);
    const text = JSON.stringify(events);
    const signature = /"thoughtSignature":"([^"]+)"/.exec(text)?.[1];
    expect(signature).toMatch(/^[A-Za-z0-9+/]+=*$/);
    expect(readSignature(signature)).toEqual({ thinking_blocks: [signed] });
  });

  test("is not sent to Gemini, which refuses it", () => {
    const part = { text: "Hi", thoughtSignature: carriedSignature({ thinking_blocks: [signed] }) };
    const body = { contents: [{ role: "model", parts: [part, { text: "Yo", thoughtSignature: "c2ln" }] }] };
    expect(gemini.native?.gemini?.change?.(body, target(), {}).fields).toEqual({
      model: null,
      contents: JSON.stringify([{ role: "model", parts: [{ text: "Hi" }, { text: "Yo", thoughtSignature: "c2ln" }] }]),
    });
    expect(gemini.native?.gemini?.change?.({ contents: [{ parts: [{ text: "Hi" }] }] }, target(), {}).fields).toEqual({
      model: null,
    });
  });
});

const streams = recordings("google", /\.chunks\.txt$/);

describe("recordings", () => {
  test.each(streams)("%s: written anew and read again, it says the same", (name) => {
    const decoder = chat.decodeStream(decoding);
    const encoder = dialect.encodeStream(thoughts, context, at("streamGenerateContent"));
    const pieces = recordedLines(name).flatMap((data) => [...decoder({ event: "", data })]);
    const usage = streamed(recordedLines(name)).usage;
    const text = pieces.map((piece) => (piece.kind === "chunk" ? encoder.chunk(piece.chunk) : "")).join("");
    const events = eventsOf([Buffer.from(text + encoder.finish(usage))]);
    expect(streamed(events.map(({ data }) => data))).toEqual(streamed(recordedLines(name)));
  });

  test.each(streams)("%s: passed on as it is, the ledger reads the same", (name) => {
    const read = dialect.readStream();
    const seen = recordedLines(name).map((data) => read({ event: "", data }));
    const made = streamed(recordedLines(name));
    expect(seen.at(-1)).toMatchObject({ end: true, usage: made.usage, finishReason: made.finishReasons[0] });
    expect(seen.filter(({ end }) => end)).toHaveLength(1);
    expect(seen.some(({ token }) => token)).toBe(true);
    expect(seen[0]?.started).toBe(true);
  });

  test.each(recordings("google", /\.json$/))("%s: whole, the ledger reads the same", (name) => {
    const body = recordedBody(name);
    const seen = dialect.readWhole(body);
    if (name.includes("429")) {
      expect(seen).toMatchObject({ errorStatus: 429, error: body });
      return;
    }
    const { completion, usage } = chat.decode(body, decoding);
    expect(seen).toEqual({ usage, finishReason: completion.choices[0]?.finish_reason });
  });

  test("a blocked prompt ends a stream, and what is no answer is refused", () => {
    const blocked = JSON.stringify({ promptFeedback: { blockReason: "SAFETY" } });
    expect(dialect.readStream()({ event: "", data: blocked })).toMatchObject({
      end: true,
      finishReason: "content_filter",
    });
    for (const body of ["<html>", null, {}])
      expect(() => dialect.readWhole(body)).toThrow(expect.objectContaining({ kind: "upstream_garbled" }));
  });
});
