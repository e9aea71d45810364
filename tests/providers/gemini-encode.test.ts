import { describe, expect, test } from "vitest";
import { packCarried } from "@/server/wire/carried";
import { CLASSIC, CURRENT, chat, encoded, target } from "@/tests/providers/gemini";

const user = { role: "user", content: "Hello" };
const weather = {
  type: "function",
  function: {
    name: "weather",
    description: "Tells the weather.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

function call(id: string, name: string, args: string, extra?: object) {
  return { id, type: "function", function: { name, arguments: args }, ...extra };
}

describe("messages", () => {
  test("instructions, turns and their roles", () => {
    const { body } = encoded({
      messages: [
        { role: "system", content: "Be kind." },
        { role: "developer", content: [{ type: "text", text: "Be short." }] },
        user,
        { role: "assistant", content: "Hi" },
        { role: "user", content: "One" },
        { role: "user", content: "Two" },
        { role: "system", content: "Now in French." },
      ],
    });
    expect(body.systemInstruction).toEqual({ parts: [{ text: "Be kind." }, { text: "Be short." }] });
    expect(body.contents).toEqual([
      { role: "user", parts: [{ text: "Hello" }] },
      { role: "model", parts: [{ text: "Hi" }] },
      { role: "user", parts: [{ text: "One" }, { text: "Two" }, { text: "<system>\nNow in French.\n</system>" }] },
    ]);
  });

  test("instructions alone are said by the user; empty texts and turns are left out", () => {
    expect(encoded({ messages: [{ role: "system", content: "Say hi." }] }).body).toEqual({
      contents: [{ role: "user", parts: [{ text: "Say hi." }] }],
    });
    expect(
      encoded({ messages: [user, { role: "assistant", content: "" }, { role: "user", content: "" }] }).body.contents,
    ).toEqual([{ role: "user", parts: [{ text: "Hello" }] }]);
  });

  test("a tool loop: parallel calls, results by the call's name, objects, texts and errors", () => {
    const { body } = encoded(
      {
        messages: [
          user,
          {
            role: "assistant",
            content: null,
            tool_calls: [call("a", "weather", '{"city":"Bonn"}'), call("b", "time", ""), call("c", "odd", "[1]")],
          },
          { role: "tool", tool_call_id: "a", content: '{"degrees":20}' },
          { role: "tool", tool_call_id: "b", content: "noon" },
          { role: "tool", tool_call_id: "c", content: "no such thing", is_error: true },
        ],
      },
      CLASSIC,
    );
    expect(body.contents).toEqual([
      { role: "user", parts: [{ text: "Hello" }] },
      {
        role: "model",
        parts: [
          { functionCall: { id: "a", name: "weather", args: { city: "Bonn" } } },
          { functionCall: { id: "b", name: "time", args: {} } },
          { functionCall: { id: "c", name: "odd", args: { INVALID_JSON: "[1]" } } },
        ],
      },
      {
        role: "user",
        parts: [
          { functionResponse: { id: "a", name: "weather", response: { degrees: 20 } } },
          { functionResponse: { id: "b", name: "time", response: { output: "noon" } } },
          { functionResponse: { id: "c", name: "odd", response: { error: "no such thing" } } },
        ],
      },
    ]);
  });

  test.each([
    ["as Google signed it", CURRENT, { extra_content: { google: { thought_signature: "c2ln" } } }, "c2ln"],
    ["with the documented word where nobody did", CURRENT, {}, "skip_thought_signature_validator"],
    ["not at all for a model that asks for none", CLASSIC, {}, undefined],
  ])("the first of parallel calls is signed: %s", (_name, model, extra, signature) => {
    const messages = [user, { role: "assistant", tool_calls: [call("a", "x", "{}", extra), call("b", "x", "{}")] }];
    const made = (id: string) => ({ functionCall: { id, name: "x", args: {} } });
    expect(encoded({ messages }, model).body.contents).toEqual([
      { role: "user", parts: [{ text: "Hello" }] },
      { role: "model", parts: [{ ...made("a"), ...(signature && { thoughtSignature: signature }) }, made("b")] },
    ]);
  });

  test("a text's signature goes back with the text; another vendor's does not", () => {
    const signed = (signature: string) => ({
      role: "assistant",
      content: "Hi",
      thinking_blocks: [{ type: "thinking", thinking: "", signature }],
    });
    const own = packCarried({ google: { thought_signature: "c2ln" } });
    const of = (message: object) => encoded({ messages: [user, message] }).body.contents;
    expect(of(signed(own))).toMatchObject([{}, { parts: [{ text: "Hi", thoughtSignature: "c2ln" }] }]);
    expect(of(signed("EqQBCgIYAhIM"))).toEqual([
      { role: "user", parts: [{ text: "Hello" }] },
      { role: "model", parts: [{ text: "Hi" }] },
    ]);
  });

  test("media by bytes, by Google's addresses and by file", () => {
    const { body, dropped } = encoded({
      messages: [
        {
          role: "user",
          content: [
            { type: "image_url", image_url: { url: "data:image/png;base64,AAAA", detail: "high" } },
            { type: "image_url", image_url: { url: "gs://bucket/cat.webp" } },
            { type: "input_audio", input_audio: { data: "BBBB", format: "wav" } },
            { type: "file", file: { filename: "a.pdf", file_data: "CCCC" } },
            { type: "file", file: { file_data: "data:text/plain,a%20b" } },
            { type: "file", file: { file_id: "files/abc" } },
            { type: "video_url", video_url: { url: "https://www.youtube.com/watch?v=x" } },
            { type: "document", source: {} },
          ],
        },
      ],
    });
    expect(body.contents).toEqual([
      {
        role: "user",
        parts: [
          { inlineData: { mimeType: "image/png", data: "AAAA" } },
          { fileData: { mimeType: "image/webp", fileUri: "gs://bucket/cat.webp" } },
          { inlineData: { mimeType: "audio/wav", data: "BBBB" } },
          { inlineData: { mimeType: "application/pdf", data: "CCCC" } },
          { inlineData: { mimeType: "text/plain", data: "YSBi" } },
          { fileData: { fileUri: "https://generativelanguage.googleapis.com/v1beta/files/abc" } },
          { fileData: { fileUri: "https://www.youtube.com/watch?v=x" } },
        ],
      },
    ]);
    expect(dropped).toEqual(["messages.content.image_url.detail", "messages.content.document"]);
  });

  test.each([
    ["https://generativelanguage.googleapis.com/v1beta/files/a", true],
    ["gs://bucket/a.png", true],
    ["https://youtu.be/x", true],
    ["https://www.youtube.com/watch?v=x", true],
    ["https://youtube.com.evil.example/watch?v=x", false],
    ["https://example.com/a.png", false],
  ])("whether %s is read by Google itself: %s", (url, expected) => {
    expect(chat.fetchesUrl?.(url)).toBe(expected);
  });

  test("pictures in a tool's result stand inside it where the model takes that, and beside it where not", () => {
    const content = [
      { type: "text", text: "Here." },
      { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
    ];
    const messages = [
      user,
      { role: "assistant", tool_calls: [call("a", "look", "{}")] },
      { role: "tool", tool_call_id: "a", content },
    ];
    const picture = { inlineData: { mimeType: "image/png", data: "AAAA" } };
    const response = { id: "a", name: "look", response: { output: "Here." } };
    expect(encoded({ messages }, CURRENT).body.contents).toMatchObject([
      {},
      {},
      { parts: [{ functionResponse: { ...response, parts: [picture] } }] },
    ]);
    expect(encoded({ messages }, CLASSIC).body.contents).toMatchObject([
      {},
      {},
      { parts: [{ functionResponse: response }, picture] },
    ]);
  });

  test.each([
    [[{ role: "tool", tool_call_id: "nobody", content: "x" }], "messages.0.tool_call_id"],
    [[{ role: "bishop", content: "x" }], "messages.0.role"],
    [[{ role: "user", content: [{ type: "image_url" }] }], "messages.0.content.0.image_url"],
    [
      [{ role: "user", content: [{ type: "file", file: { file_id: "file-123" } }] }],
      "messages.0.content.0.file.file_id",
    ],
    [[{ role: "assistant", tool_calls: [{ id: "a", function: {} }] }], "messages.0.tool_calls.0.function.name"],
  ])("%j is refused with its path", (messages, param) => {
    expect(() => encoded({ messages })).toThrow(expect.objectContaining({ kind: "invalid_request", param }));
  });
});

describe("tools", () => {
  test("declarations carry JSON Schema as Google reads it, and what it has no word for is named", () => {
    const parameters = {
      $schema: "https://json-schema.org/draft-07/schema",
      type: "object",
      definitions: { Size: { const: "big", "x-note": 1 } },
      properties: {
        size: { $ref: "#/definitions/Size", description: "gone" },
        name: { type: "string", pattern: "^a", default: "a" },
        either: { oneOf: [{ type: "string" }, { type: "integer", exclusiveMinimum: 0 }] },
        both: {
          allOf: [
            { type: "object", properties: { a: {} } },
            { properties: { b: {} }, required: ["b"] },
          ],
        },
        maybe: { type: "string", nullable: true },
      },
      additionalProperties: false,
    };
    const { body, dropped } = encoded({ tools: [{ type: "function", function: { name: "f", parameters } }] });
    expect(body.tools).toEqual([
      {
        functionDeclarations: [
          {
            name: "f",
            parametersJsonSchema: {
              type: "object",
              $defs: { Size: { enum: ["big"] } },
              properties: {
                size: { $ref: "#/$defs/Size" },
                name: { type: "string" },
                either: { anyOf: [{ type: "string" }, { type: "integer" }] },
                both: { type: "object", properties: { a: {}, b: {} }, required: ["b"] },
                maybe: { type: ["string", "null"] },
              },
              additionalProperties: false,
            },
          },
        ],
      },
    ]);
    expect(dropped.toSorted()).toEqual([
      "tools.function.parameters.exclusiveMinimum",
      "tools.function.parameters.pattern",
    ]);
  });

  test("a tool without parameters has none", () => {
    const tool = { type: "function", function: { name: "now", parameters: { type: "object", properties: {} } } };
    expect(encoded({ tools: [tool] }).body.tools).toEqual([{ functionDeclarations: [{ name: "now" }] }]);
  });

  test.each([
    ["auto", undefined],
    ["none", { mode: "NONE" }],
    ["required", { mode: "ANY" }],
    [
      { type: "function", function: { name: "weather" } },
      { mode: "ANY", allowedFunctionNames: ["weather"] },
    ],
    [
      { type: "allowed_tools", allowed_tools: { mode: "auto", tools: [weather] } },
      { mode: "VALIDATED", allowedFunctionNames: ["weather"] },
    ],
  ])("the choice %j", (choice, functionCallingConfig) => {
    const { toolConfig } = encoded({ tools: [weather], tool_choice: choice }).body;
    expect(toolConfig).toEqual(functionCallingConfig && { functionCallingConfig });
  });

  test("a strict tool has its calls checked", () => {
    const strict = { ...weather, function: { ...weather.function, strict: true } };
    expect(encoded({ tools: [strict] }).body.toolConfig).toEqual({ functionCallingConfig: { mode: "VALIDATED" } });
  });

  test("searching the web, which the caller's own tools go before", () => {
    const search = encoded({ web_search_options: { search_context_size: "low" } });
    expect(search.body.tools).toEqual([{ googleSearch: {} }]);
    expect(search.dropped).toEqual(["web_search_options.search_context_size"]);
    const both = encoded({ web_search_options: {}, tools: [weather], parallel_tool_calls: false });
    expect(both.body.tools).toMatchObject([{ functionDeclarations: [{ name: "weather" }] }]);
    expect(both.dropped).toEqual(["web_search_options", "parallel_tool_calls"]);
    const foreign = encoded({ tools: [{ type: "web_search_20250305", name: "web_search" }, { type: "custom" }] });
    expect(foreign.body.tools).toEqual([{ googleSearch: {} }]);
    expect(foreign.dropped).toEqual(["tools"]);
  });
});

describe("settings", () => {
  test("OpenAI's by Google's names", () => {
    const { body, dropped, url } = encoded({
      ...{ temperature: 0.5, top_p: 0.9, top_k: 5, max_tokens: 5, max_completion_tokens: 7, n: 2, seed: 1 },
      ...{ stop: "END", presence_penalty: 0.1, frequency_penalty: 0.2, logprobs: true, top_logprobs: 3 },
      ...{ stream: true, stream_options: { include_usage: true }, user: "u", store: false, service_tier: "auto" },
    });
    expect(url).toBe(
      "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
    );
    expect(body.generationConfig).toEqual({
      ...{ temperature: 0.5, topP: 0.9, topK: 5, maxOutputTokens: 7, candidateCount: 2, stopSequences: ["END"] },
      ...{ seed: 1, presencePenalty: 0.1, frequencyPenalty: 0.2, responseLogprobs: true, logprobs: 3 },
    });
    expect(dropped).toEqual(["user"]);
  });

  test("what a caller does not say is left to the model", () => {
    expect(encoded({ n: 1, stop: [], logit_bias: {} })).toMatchObject({
      body: { contents: [{ role: "user", parts: [{ text: "Hello" }] }] },
      dropped: [],
    });
    expect(Object.keys(encoded({}).body)).toEqual(["contents"]);
  });

  test.each([
    [CLASSIC, { reasoning_effort: "low" }, { includeThoughts: true, thinkingBudget: 1024 }, []],
    [CLASSIC, { reasoning_effort: "none" }, { thinkingBudget: 0 }, []],
    [CLASSIC, { reasoning_effort: "max" }, { includeThoughts: true, thinkingBudget: 24_576 }, []],
    [
      CLASSIC,
      { thinking: { type: "enabled", budget_tokens: 2000 } },
      { includeThoughts: true, thinkingBudget: 2000 },
      [],
    ],
    [CLASSIC, { thinking: { type: "disabled" } }, { thinkingBudget: 0 }, []],
    ["gemini-2.5-pro", { reasoning_effort: "none" }, { thinkingBudget: 128 }, ["reasoning_effort"]],
    [CURRENT, { reasoning_effort: "minimal" }, { includeThoughts: true, thinkingLevel: "LOW" }, []],
    [CURRENT, { reasoning_effort: "medium" }, { includeThoughts: true, thinkingLevel: "HIGH" }, []],
    ["gemini-3.1-pro-preview", { reasoning_effort: "medium" }, { includeThoughts: true, thinkingLevel: "MEDIUM" }, []],
    [
      "gemini-3-flash-preview",
      { reasoning_effort: "minimal" },
      { includeThoughts: true, thinkingLevel: "MINIMAL" },
      [],
    ],
    ["gemini-3.7-flash", { reasoning_effort: "minimal" }, { includeThoughts: true, thinkingLevel: "LOW" }, []],
    ["gemini-3.7-flash", { reasoning_effort: "none" }, { thinkingLevel: "LOW" }, ["reasoning_effort"]],
    [
      "models/gemini-3.7-flash",
      { output_config: { effort: "xhigh" } },
      { includeThoughts: true, thinkingLevel: "HIGH" },
      [],
    ],
    ["gemini-2.0-flash", { reasoning_effort: "high" }, undefined, ["reasoning_effort"]],
    ["gemini-flash-latest", { reasoning_effort: "high" }, { includeThoughts: true, thinkingLevel: "HIGH" }, []],
    [CLASSIC, { reasoning_effort: "extreme" }, undefined, ["reasoning_effort"]],
    [
      CURRENT,
      { extra_body: { google: { thinking_config: { thinking_level: "low", include_thoughts: false } } } },
      { includeThoughts: false, thinkingLevel: "LOW" },
      [],
    ],
  ])("%s thinks as asked by %j", (model, request, thinkingConfig, lost) => {
    const { body, dropped } = encoded(request, model);
    expect(body.generationConfig).toEqual(thinkingConfig && { thinkingConfig });
    expect(dropped).toEqual(lost);
  });

  test("structured output, which earlier models do not give beside tools", () => {
    const schema = { type: "object", properties: { a: { type: "string" } } };
    const format = { type: "json_schema", json_schema: { name: "x", schema } };
    const config = { responseMimeType: "application/json", responseJsonSchema: schema };
    expect(encoded({ response_format: format }).body.generationConfig).toEqual(config);
    expect(encoded({ response_format: { type: "json_object" } }).body.generationConfig).toEqual({
      responseMimeType: "application/json",
    });
    expect(encoded({ response_format: format, tools: [weather] }, CURRENT).body.generationConfig).toEqual(config);
    expect(encoded({ response_format: format, tools: [weather] }).dropped).toEqual(["response_format"]);
  });

  test("Google's own fields, from the request or the provider", () => {
    const safetySettings = [{ category: "HARM_CATEGORY_HARASSMENT", threshold: "BLOCK_NONE" }];
    expect(encoded({ safety_settings: safetySettings, cached_content: "cachedContents/a" }).body).toMatchObject({
      safetySettings,
      cachedContent: "cachedContents/a",
    });
    expect(encoded({}, CLASSIC, { safetySettings }).body).toMatchObject({ safetySettings });
    expect(encoded({ extra_body: { google: { cached_content: "c" } } }).body).toMatchObject({ cachedContent: "c" });
  });

  test("speech", () => {
    const { body, dropped } = encoded({ modalities: ["text", "audio"], audio: { voice: "Kore", format: "mp3" } });
    expect(body.generationConfig).toEqual({
      responseModalities: ["AUDIO"],
      speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName: "Kore" } } },
    });
    expect(dropped).toEqual(["audio.format"]);
  });

  test("the admin's headers go along", () => {
    const { request } = chat.encode({ model: "m", messages: [user] }, target({ headers: { "x-team": "a" } }));
    expect(request.headers).toEqual({ "content-type": "application/json", "x-team": "a" });
  });
});
