import { describe, expect, test } from "vitest";
import { encoded, LLAMA, NOVA, OLD_SONNET, SONNET } from "@/tests/providers/bedrock";

const PNG = "data:image/png;base64,iVBORw0=";
const PDF = "data:application/pdf;base64,JVBERi0=";
const weather = { type: "function", function: { name: "weather", parameters: { type: "object", properties: {} } } };
const weatherSpec = { toolSpec: { name: "weather", inputSchema: { json: { type: "object", properties: {} } } } };

function messagesOf(messages: unknown, model = SONNET) {
  const { system, messages: turns, toolConfig } = encoded({ messages }, { model }).body;
  return { system, turns, toolConfig };
}

describe("the address", () => {
  test.each([
    [{}, "https://bedrock-runtime.us-east-1.amazonaws.com"],
    [{ options: { region: "eu-west-1" } }, "https://bedrock-runtime.eu-west-1.amazonaws.com"],
    [{ baseUrl: "https://llm.example/aws", options: { region: "eu-west-1" } }, "https://llm.example/aws"],
  ])("%j", (overrides, base) => {
    expect(encoded({}, overrides).url).toBe(`${base}/model/${encodeURIComponent(SONNET)}/converse`);
  });

  test("an ARN is one segment of it, and a stream has another", () => {
    const model = "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc";
    expect(encoded({ stream: true }, { model }).url).toMatch(
      /\/model\/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Aapplication-inference-profile%2Fabc\/converse-stream$/,
    );
  });
});

describe("messages", () => {
  test("a conversation with a call and its result", () => {
    const made = messagesOf([
      { role: "system", content: "Be brief." },
      { role: "user", content: "Weather?" },
      {
        role: "assistant",
        content: "I look.",
        thinking_blocks: [
          { type: "thinking", thinking: "Hm.", signature: "c2ln" },
          { type: "thinking", thinking: "unsigned" },
          { type: "redacted_thinking", data: "cmVk" },
        ],
        tool_calls: [
          { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Rome"}' } },
          { id: "call:2", type: "function", function: { name: "time", arguments: "" } },
        ],
      },
      { role: "tool", tool_call_id: "call_1", content: "Sunny" },
      { role: "tool", tool_call_id: "call:2", content: "", is_error: true },
      { role: "user", content: "Thanks" },
    ]);
    expect(made.system).toEqual([{ text: "Be brief." }]);
    expect(made.turns).toEqual([
      { role: "user", content: [{ text: "Weather?" }] },
      {
        role: "assistant",
        content: [
          { reasoningContent: { reasoningText: { text: "Hm.", signature: "c2ln" } } },
          { reasoningContent: { redactedContent: "cmVk" } },
          { text: "I look." },
          { toolUse: { toolUseId: "call_1", name: "weather", input: { city: "Rome" } } },
          { toolUse: { toolUseId: "call_2", name: "time", input: {} } },
        ],
      },
      {
        role: "user",
        content: [
          { toolResult: { toolUseId: "call_1", content: [{ text: "Sunny" }] } },
          { toolResult: { toolUseId: "call_2", content: [{ text: "(no output)" }], status: "error" } },
          { text: "Thanks" },
        ],
      },
    ]);
    // Turns with calls must come with tools.
    const spec = (name: string) => ({ toolSpec: { name, inputSchema: { json: { properties: {}, type: "object" } } } });
    expect(made.toolConfig).toEqual({ tools: [spec("weather"), spec("time")] });
  });

  test("images, documents and sound are bytes; documents have names of their own and a text beside them", () => {
    const { turns } = messagesOf([
      {
        role: "user",
        content: [
          { type: "image_url", image_url: { url: PNG } },
          { type: "image_url", image_url: { url: "s3://bucket/cat.JPG" } },
          { type: "file", file: { file_data: PDF, filename: "Q3  report_v2.pdf" } },
          { type: "file", file: { file_data: "data:text/csv,a%2Cb", filename: "Q3 report_v2.csv" } },
          { type: "input_audio", input_audio: { data: "UklG", format: "wav" } },
        ],
      },
    ]);
    expect(turns).toEqual([
      {
        role: "user",
        content: [
          { image: { format: "png", source: { bytes: "iVBORw0=" } } },
          { image: { format: "jpeg", source: { s3Location: { uri: "s3://bucket/cat.JPG" } } } },
          { document: { format: "pdf", name: "Q3 report-v2", source: { bytes: "JVBERi0=" } } },
          { document: { format: "csv", name: "Q3 report-v2 (2)", source: { bytes: "YSxi" } } },
          { audio: { format: "wav", source: { bytes: "UklG" } } },
          { text: "Attached: Q3 report-v2" },
        ],
      },
    ]);
  });

  test("instructions later on, blank texts, neighbours of one role, and instructions alone", () => {
    expect(
      messagesOf([
        { role: "user", content: "A" },
        { role: "user", content: [{ type: "text", text: "  " }] },
        { role: "assistant", content: "" },
        { role: "developer", content: "Speak French." },
        { role: "assistant", content: "Bon " },
      ]).turns,
    ).toEqual([
      { role: "user", content: [{ text: "A" }, { text: "<system>\nSpeak French.\n</system>" }] },
      { role: "assistant", content: [{ text: "Bon" }] },
    ]);
    const alone = messagesOf([{ role: "system", content: "Say hi." }]);
    expect(alone).toMatchObject({ system: undefined, turns: [{ role: "user", content: [{ text: "Say hi." }] }] });
  });

  test.each([
    ["messages.0.content.0.image_url.url", [{ type: "image_url", image_url: { url: "https://x/y.png" } }]],
    ["messages.0.content.0.image_url.url", [{ type: "image_url", image_url: { url: "data:image/tiff;base64,AA" } }]],
    ["messages.0.content.0.file", [{ type: "file", file: { file_id: "file-1" } }]],
    ["messages.0.content.0.file.file_data", [{ type: "file", file: { file_data: "data:video/mp4;base64,AA" } }]],
    ["messages.0.content.0.text", [{ type: "text" }]],
  ])("what is malformed is refused by its name: %s", (param, content) => {
    expect(() => messagesOf([{ role: "user", content }])).toThrow(
      expect.objectContaining({ kind: "invalid_request", param }),
    );
  });

  test("parts of others are named, and the rest goes on", () => {
    const content = [
      { type: "text", text: "A" },
      { type: "search_result", source: "x" },
    ];
    const { body, dropped } = encoded({ messages: [{ role: "user", content }] });
    expect(body.messages).toEqual([{ role: "user", content: [{ text: "A" }] }]);
    expect(dropped).toEqual(["messages.content.search_result"]);
  });
});

describe("cache control", () => {
  const request = {
    messages: [
      { role: "system", content: [{ type: "text", text: "Long.", cache_control: { type: "ephemeral", ttl: "1h" } }] },
      { role: "user", content: "A", cache_control: { type: "ephemeral" } },
    ],
    tools: [{ ...weather, cache_control: { type: "ephemeral" } }],
  };

  test("becomes cache points", () => {
    const { body, dropped } = encoded(request);
    expect(body.system).toEqual([{ text: "Long." }, { cachePoint: { type: "default", ttl: "1h" } }]);
    expect(body.messages).toEqual([{ role: "user", content: [{ text: "A" }, { cachePoint: { type: "default" } }] }]);
    expect(body.toolConfig).toEqual({ tools: [weatherSpec, { cachePoint: { type: "default" } }] });
    expect(dropped).toEqual([]);
  });

  test("is named where the model takes none", () => {
    const { body, dropped } = encoded(request, { model: LLAMA });
    expect(JSON.stringify(body)).not.toContain("cachePoint");
    expect(dropped).toEqual(["cache_control"]);
  });
});

describe("tools", () => {
  test.each([
    ["auto", { auto: {} }],
    ["required", { any: {} }],
    [{ type: "function", function: { name: "weather" } }, { tool: { name: "weather" } }],
    [undefined, undefined],
  ])("a choice of %j", (tool_choice, toolChoice) => {
    const { body } = encoded({ tools: [weather], tool_choice });
    expect(body.toolConfig).toEqual({ tools: [weatherSpec], ...(toolChoice && { toolChoice }) });
  });

  test("a choice of none sends none", () => {
    expect(encoded({ tools: [weather], tool_choice: "none" }).body.toolConfig).toBeUndefined();
  });

  test("a forced call is named where the model cannot be forced", () => {
    const { body, dropped } = encoded({ tools: [weather], tool_choice: "required" }, { model: LLAMA });
    expect(body.toolConfig).toEqual({ tools: [weatherSpec] });
    expect(dropped).toEqual(["tool_choice"]);
  });

  test("one call at a time is Claude's own switch, and named elsewhere", () => {
    const request = { tools: [weather], tool_choice: "required", parallel_tool_calls: false };
    expect(encoded(request).body).toMatchObject({
      toolConfig: { tools: [weatherSpec] },
      additionalModelRequestFields: { tool_choice: { type: "any", disable_parallel_tool_use: true } },
    });
    expect(encoded(request, { model: NOVA }).dropped).toEqual(["parallel_tool_calls"]);
  });

  test("strict is said where it is known", () => {
    const tools = [{ type: "function", function: { ...weather.function, strict: true } }];
    expect(encoded({ tools }).body.toolConfig).toMatchObject({ tools: [{ toolSpec: { strict: true } }] });
    expect(encoded({ tools }, { model: NOVA })).toMatchObject({
      dropped: ["tools.function.strict"],
      body: { toolConfig: { tools: [weatherSpec] } },
    });
  });

  test("Anthropic's client tools go among Claude's own fields; what Bedrock lacks is named", () => {
    const computer = { type: "computer_20250124", name: "computer", display_width_px: 1, display_height_px: 1 };
    const search = { type: "web_search_20250305", name: "web_search" };
    const { body, dropped } = encoded({ tools: [computer, search] });
    expect(body.additionalModelRequestFields).toEqual({ tools: [computer] });
    expect(dropped).toEqual(["tools"]);
  });
});

describe("structured output", () => {
  const schema = { type: "object", properties: { a: { type: "string" } } };
  const response_format = { type: "json_schema", json_schema: { name: "answer", schema } };

  test("is the model's own where it has it", () => {
    const { body, dropped } = encoded({ response_format });
    expect(body.outputConfig).toEqual({
      textFormat: {
        type: "json_schema",
        structure: { jsonSchema: { schema: JSON.stringify(schema), name: "answer" } },
      },
    });
    expect(dropped).toEqual([]);
  });

  test.each([OLD_SONNET, NOVA])("is a call that %s must make where it has none", (model) => {
    const { body } = encoded({ response_format }, { model });
    expect(body.toolConfig).toMatchObject({
      tools: [{ toolSpec: { name: "conduit_json_answer", inputSchema: { json: schema } } }],
      toolChoice: { any: {} },
    });
  });

  test("is named where there is neither, as JSON without a schema is", () => {
    expect(encoded({ response_format }, { model: LLAMA }).dropped).toEqual(["response_format"]);
    expect(encoded({ response_format: { type: "json_object" } }).dropped).toEqual(["response_format"]);
  });
});

describe("settings", () => {
  test("limits, sampling, stops", () => {
    const { body, dropped } = encoded({ max_tokens: 10, temperature: 1.7, top_k: 5, stop: ["a", " "] });
    expect(body.inferenceConfig).toEqual({ maxTokens: 10, temperature: 1, stopSequences: ["a"] });
    expect(body.additionalModelRequestFields).toEqual({ top_k: 5 });
    expect(dropped).toEqual(["stop"]);
  });

  test("a Claude takes one of temperature and top_p", () => {
    const { body, dropped } = encoded({ temperature: 0.5, top_p: 0.9 });
    expect(body.inferenceConfig).toEqual({ temperature: 0.5 });
    expect(dropped).toEqual(["top_p"]);
  });

  test.each([
    [SONNET, { thinking: { type: "enabled", budget_tokens: 2048 } }],
    [
      "us.anthropic.claude-opus-4-6-v1",
      { thinking: { type: "adaptive", display: "summarized" }, output_config: { effort: "low" } },
    ],
    [NOVA, { reasoningConfig: { type: "enabled", maxReasoningEffort: "low" } }],
    ["openai.gpt-oss-120b-1:0", { reasoning_effort: "low" }],
  ])("effort at %s", (model, additionalModelRequestFields) => {
    expect(encoded({ reasoning_effort: "low" }, { model })).toMatchObject({
      dropped: [],
      body: { additionalModelRequestFields },
    });
  });

  test("effort is named where the model has none, and thinking takes no sampling", () => {
    expect(encoded({ reasoning_effort: "low" }, { model: LLAMA }).dropped).toEqual(["reasoning_effort"]);
    const { body, dropped } = encoded({ reasoning_effort: "low", temperature: 0.5, top_k: 3 });
    expect(body.inferenceConfig).toBeUndefined();
    expect(dropped).toEqual(["temperature", "top_k"]);
  });

  test("Nova at its highest effort sets its own limits", () => {
    const request = { reasoning_effort: "high", max_tokens: 10, temperature: 0.5 };
    const { body, dropped } = encoded(request, { model: NOVA });
    expect(body.inferenceConfig).toBeUndefined();
    expect(dropped).toEqual(["max_tokens", "temperature"]);
  });

  test("a guardrail of the admin's wins; tier and tags have fields of their own; the rest is named", () => {
    const own = { guardrailIdentifier: "mine", guardrailVersion: "1" };
    const admins = { guardrailIdentifier: "theirs", guardrailVersion: "2" };
    const request = { guardrailConfig: own, service_tier: "flex", metadata: { team: "a" }, n: 2, seed: 1, user: "u" };
    expect(encoded(request).body).toMatchObject({
      guardrailConfig: own,
      serviceTier: { type: "flex" },
      requestMetadata: { team: "a" },
    });
    expect(encoded(request, { options: { guardrailConfig: admins } }).body.guardrailConfig).toEqual(admins);
    expect(encoded(request).dropped).toEqual(["n", "user", "seed"]);
    expect(encoded({ metadata: { team: "a|b" } }).dropped).toEqual(["metadata"]);
  });

  test("a profile's model is what the admin says", () => {
    const model = "arn:aws:bedrock:us-east-1:1:application-inference-profile/abc";
    const made = encoded({ reasoning_effort: "low" }, { model, options: { baseModel: NOVA } });
    expect(made.body.additionalModelRequestFields).toHaveProperty("reasoningConfig");
  });
});
