import { describe, expect, test } from "vitest";
import type { Target } from "@/server/providers/provider";
import { CLASSIC, CURRENT, chat, encoded, target } from "@/tests/providers/anthropic";

const messages = [{ role: "user", content: [{ type: "text", text: "Hello" }] }];

describe("the request", () => {
  const sent = (overrides: Partial<Target>) => chat.encode({ model: "m", messages }, target(overrides)).request;

  test("goes to the Messages API in its version, without a credential", () => {
    const { method, url, headers } = sent({});
    expect({ method, url, headers }).toEqual({
      method: "POST",
      url: "https://api.anthropic.com/v1/messages",
      headers: { "content-type": "application/json", "anthropic-version": "2023-06-01" },
    });
  });

  test("a base URL may end with the version", () => {
    expect(sent({ baseUrl: "http://127.0.0.1:4010/v1" }).url).toBe("http://127.0.0.1:4010/v1/messages");
  });

  test("betas come from the admin's headers and options, and are one header", () => {
    const headers = { "Anthropic-Beta": "files-api-2025-04-14", "X-Team": "a" };
    expect(sent({ headers, options: { betas: ["context-1m", "mcp-client"] } }).headers).toEqual({
      "content-type": "application/json",
      "anthropic-version": "2023-06-01",
      "anthropic-beta": "files-api-2025-04-14,context-1m,mcp-client",
      "x-team": "a",
    });
  });

  test("nothing is sent that was not asked for, and nothing is dropped", () => {
    expect(encoded({})).toEqual({ body: { model: CLASSIC, max_tokens: 64_000, messages }, dropped: [] });
  });

  test("a stream", () => {
    const { body, dropped } = encoded({ stream: true, stream_options: { include_usage: true } });
    expect(body).toEqual({ model: CLASSIC, max_tokens: 64_000, messages, stream: true });
    expect(dropped).toEqual([]);
  });
});

describe("max_tokens", () => {
  test("max_completion_tokens goes before max_tokens", () => {
    expect(encoded({ max_tokens: 10 }).body.max_tokens).toBe(10);
    expect(encoded({ max_tokens: 10, max_completion_tokens: 20 }).body.max_tokens).toBe(20);
  });

  test.each([
    ["claude-opus-5-5", 128_000],
    ["claude-sonnet-4-6", 128_000],
    ["claude-haiku-5-5", 128_000],
    ["claude-mythos-preview", 128_000],
    ["claude-haiku-4-5-20251001", 64_000],
    ["claude-sonnet-4-20250514", 64_000],
    ["claude-3-7-sonnet-latest", 64_000],
    ["claude-opus-4-1@20250805", 32_000],
    ["anthropic.claude-opus-4-20250514-v1:0", 32_000],
    ["claude-3-5-haiku-20241022", 8192],
    ["claude-3-opus-20240229", 4096],
    ["claude-2.1", 4096],
    ["kimi-k2", 8192],
  ])("is the most that %s can produce where the caller sets no limit: %d", (model, most) => {
    expect(encoded({}, model).body.max_tokens).toBe(most);
  });
});

describe("sampling and stops", () => {
  test.each([
    [0, 0, []],
    [0.7, 0.7, []],
    [1.6, 1, ["temperature"]],
    [-1, 0, []],
  ])("a temperature of %d is %d", (temperature, sent, lost) => {
    const { body, dropped } = encoded({ temperature });
    expect(body.temperature).toBe(sent);
    expect(dropped).toEqual(lost);
  });

  test("how closely an image is to be looked at is said to be lost", () => {
    const image = (detail: string) => ({ type: "image_url", image_url: { url: "https://example.com/a.png", detail } });
    const lost = (detail: string) => encoded({ messages: [{ role: "user", content: [image(detail)] }] }).dropped;
    expect(lost("high")).toEqual(["messages.content.image_url.detail"]);
    expect(lost("auto")).toEqual([]);
  });

  test("top_p and top_k", () => {
    expect(encoded({ top_p: 0.9, top_k: 40 }).body).toMatchObject({ top_p: 0.9, top_k: 40 });
  });

  test("models from 4.1 on take a temperature or top_p; the temperature goes first", () => {
    const { body, dropped } = encoded({ temperature: 0.2, top_p: 0.9, top_k: 40 });
    expect(body).toMatchObject({ temperature: 0.2, top_k: 40 });
    expect(body).not.toHaveProperty("top_p");
    expect(dropped).toEqual(["top_p"]);
    expect(encoded({ temperature: 0.2, top_p: 0.9 }, "claude-3-5-haiku-20241022").body).toMatchObject({
      temperature: 0.2,
      top_p: 0.9,
    });
  });

  test.each(["claude-opus-4-7", "claude-sonnet-5", CURRENT, "claude-haiku-5-5", "claude-fable-5"])(
    "%s takes none; those that ask for the default are no loss",
    (model) => {
      const { body, dropped } = encoded({ temperature: 0.2, top_p: 0.9, top_k: 4 }, model);
      expect(body).toEqual({ model, max_tokens: 128_000, messages });
      expect(dropped).toEqual(["temperature", "top_p", "top_k"]);
      expect(encoded({ temperature: 1, top_p: 1 }, model).dropped).toEqual([]);
    },
  );

  test("stop sequences, as a text and as a list; those of white space alone are refused by the API", () => {
    expect(encoded({ stop: "END" }).body.stop_sequences).toEqual(["END"]);
    expect(encoded({ stop: ["a", "b"] }).body.stop_sequences).toEqual(["a", "b"]);
    const { body, dropped } = encoded({ stop: ["\n", "STOP"] });
    expect(body.stop_sequences).toEqual(["STOP"]);
    expect(dropped).toEqual(["stop"]);
    expect(encoded({ stop: "\n" }).body).not.toHaveProperty("stop_sequences");
    expect(encoded({ stop: null }).body).not.toHaveProperty("stop_sequences");
    expect(encoded({ stop_sequences: ["x"] }).body.stop_sequences).toEqual(["x"]);
  });
});

describe("the form of the answer", () => {
  const schema = {
    type: "object",
    properties: { a: { type: "string" } },
    required: ["a"],
    additionalProperties: false,
  };

  test("a JSON schema", () => {
    const json_schema = { name: "answer", strict: true, schema };
    const { body, dropped } = encoded({ response_format: { type: "json_schema", json_schema } });
    expect(body.output_config).toEqual({ format: { type: "json_schema", schema } });
    expect(dropped).toEqual([]);
  });

  test("a schema's objects are closed, and limits that are not enforced stand in the description", () => {
    const part = { type: "integer", minimum: 1, description: "How many." };
    const schema = {
      type: "object",
      properties: {
        list: { type: "array", minItems: 2, items: { oneOf: [part, { type: "object", additionalProperties: true }] } },
        mail: { type: "string", format: "email" },
      },
      $defs: { open: { properties: { id: { type: "string", format: "ulid" } } } },
    };
    const { body, dropped } = encoded({ response_format: { type: "json_schema", json_schema: { name: "a", schema } } });
    const told = { type: "integer", description: "How many. Limits: minimum 1." };
    const taken = {
      type: "object",
      additionalProperties: false,
      properties: {
        list: {
          type: "array",
          description: "Limits: minItems 2.",
          items: { anyOf: [told, { type: "object", additionalProperties: false }] },
        },
        mail: { type: "string", format: "email" },
      },
      $defs: {
        open: {
          additionalProperties: false,
          properties: { id: { type: "string", description: 'Limits: format "ulid".' } },
        },
      },
    };
    expect(body.output_config).toEqual({ format: { type: "json_schema", schema: taken } });
    const path = "response_format.json_schema.schema";
    expect(new Set(dropped)).toEqual(
      new Set([`${path}.minItems`, `${path}.minimum`, `${path}.additionalProperties`, `${path}.format`]),
    );
  });

  test.each([[{ type: "json_object" }], [{ type: "json_schema", json_schema: { name: "a" } }]])(
    "JSON without a schema cannot be asked for: %j",
    (response_format) => {
      const { body, dropped } = encoded({ response_format });
      expect(body).not.toHaveProperty("output_config");
      expect(dropped).toEqual(["response_format"]);
    },
  );

  test("text is the default", () => {
    expect(encoded({ response_format: { type: "text" } })).toEqual(encoded({}));
  });

  test("an output_config of the caller's own is kept", () => {
    const { body } = encoded({
      response_format: { type: "json_schema", json_schema: { name: "a", schema } },
      output_config: { effort: "low", task_budget: { type: "tokens", total: 20_000 } },
    });
    expect(body.output_config).toEqual({
      format: { type: "json_schema", schema },
      effort: "low",
      task_budget: { type: "tokens", total: 20_000 },
    });
  });
});

describe("who asks, and how it is served", () => {
  test.each([
    [{ user: "u1" }, { user_id: "u1" }, []],
    [{ safety_identifier: "s1" }, { user_id: "s1" }, []],
    [{ user: "u1", metadata: { user_id: "m1" } }, { user_id: "m1" }, []],
    [{ user: "u1", metadata: { trace: "t" } }, { user_id: "u1" }, ["metadata"]],
    [{ metadata: {} }, undefined, []],
  ])("%j", (request, metadata, lost) => {
    const { body, dropped } = encoded(request);
    expect(body.metadata).toEqual(metadata);
    expect(dropped).toEqual(lost);
  });

  test.each([
    ["auto", "auto", []],
    ["default", "standard_only", []],
    ["standard_only", "standard_only", []],
    ["priority", "auto", []],
    ["flex", undefined, ["service_tier"]],
    [null, undefined, []],
  ])("the service tier %j", (service_tier, sent, lost) => {
    const { body, dropped } = encoded({ service_tier });
    expect(body.service_tier).toBe(sent);
    expect(dropped).toEqual(lost);
  });
});

describe("fields of one side only", () => {
  test("Anthropic's own pass as they are", () => {
    const own = {
      mcp_servers: [{ type: "url", url: "https://example.com/mcp", name: "m" }],
      container: { id: "container_1" },
      context_management: { edits: [{ type: "clear_tool_uses_20250919" }] },
      cache_control: { type: "ephemeral" },
    };
    expect(encoded(own)).toEqual({
      body: { model: CLASSIC, max_tokens: 64_000, messages, ...own },
      dropped: [],
    });
  });

  test("a system prompt of the caller's own goes before that of the messages", () => {
    const request = { system: "First.", messages: [{ role: "system", content: "Second." }, ...messages] };
    expect(encoded(request).body.system).toEqual([
      { type: "text", text: "First." },
      { type: "text", text: "Second." },
    ]);
    const system = [{ type: "text", text: "A", cache_control: { type: "ephemeral" } }];
    expect(encoded({ system }).body.system).toEqual(system);
  });

  test("what Anthropic cannot express is named, and so is what no one knows", () => {
    const lost = {
      n: 2,
      seed: 0,
      logprobs: true,
      top_logprobs: 3,
      logit_bias: { "50256": -100 },
      frequency_penalty: 0.5,
      presence_penalty: -0.5,
      prediction: { type: "content", content: "x" },
      audio: { voice: "alloy", format: "mp3" },
      modalities: ["text", "audio"],
      store: true,
      verbosity: "low",
      web_search_options: {},
      prompt_cache_key: "k",
      functions: [],
      unknown_field: 1,
    };
    const { body, dropped } = encoded(lost);
    expect(body).toEqual({ model: CLASSIC, max_tokens: 64_000, messages });
    expect(dropped.toSorted()).toEqual(Object.keys(lost).toSorted());
  });

  test("what changes a call's price behind the ledger's back is not passed on", () => {
    const { body, dropped } = encoded({
      speed: "fast",
      inference_geo: "us",
      fallbacks: [{ model: "claude-fable-5-2" }],
    });
    expect(body).toEqual({ model: CLASSIC, max_tokens: 64_000, messages });
    expect(dropped).toEqual(["speed", "inference_geo", "fallbacks"]);
  });

  test("fields that ask for nothing are no loss", () => {
    const nothing = {
      n: 1,
      seed: null,
      logprobs: false,
      top_logprobs: 0,
      logit_bias: {},
      frequency_penalty: 0,
      presence_penalty: 0,
      modalities: ["text"],
      store: false,
      parallel_tool_calls: true,
    };
    expect(encoded(nothing)).toEqual(encoded({}));
  });

  test("names of speakers and earlier audio are lost", () => {
    const { dropped } = encoded({
      messages: [
        { role: "user", name: "Ada", content: "a" },
        { role: "assistant", audio: { id: "audio_1" }, content: "b" },
        { role: "user", content: "c" },
      ],
    });
    expect(dropped).toEqual(["messages.name", "messages.audio"]);
  });

  test("a field whose name could break a header is not named", () => {
    expect(encoded({ "x\r\nset-cookie: a": 1 })).toEqual(encoded({}));
  });
});
