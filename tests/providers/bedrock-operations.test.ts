import { describe, expect, test } from "vitest";
import { bedrock } from "@/server/providers/bedrock";
import { ChatRequest } from "@/server/wire/chat";
import { noUsage } from "@/server/wire/usage";
import { context, LLAMA, SONNET, target } from "@/tests/providers/bedrock";

const BASE = "https://bedrock-runtime.us-east-1.amazonaws.com";
const messages = bedrock.native?.messages;

describe("Claude in Anthropic's own form", () => {
  test.each([
    [SONNET, {}, true],
    ["arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-opus-4-6-v1", {}, true],
    ["arn:aws:bedrock:eu-west-1:1:application-inference-profile/abc", { baseModel: SONNET }, true],
    ["arn:aws:bedrock:eu-west-1:1:application-inference-profile/abc", {}, false],
    [LLAMA, {}, false],
  ])("%s %j: %s", (model, options, serves) => {
    expect(messages?.serves?.(target({ model, options }))).toBe(serves);
  });

  test("has the model in the path, the version and the betas in the body", () => {
    const at = target({ options: { betas: ["a"] } });
    const path = `${BASE}/model/${encodeURIComponent(SONNET)}`;
    expect(messages?.url(at, { stream: false })).toBe(`${path}/invoke`);
    expect(messages?.url(at, { stream: true })).toBe(`${path}/invoke-with-response-stream`);
    expect(messages?.framing).toBe("aws-chunks");
    const body = { model: "m", stream: true, messages: [{ role: "user", content: "A" }] };
    expect(messages?.change?.(body, at, { "anthropic-beta": "b, a" }).fields).toEqual({
      model: null,
      stream: null,
      anthropic_version: '"bedrock-2023-05-31"',
      anthropic_beta: '["a","b"]',
    });
    expect(messages?.change?.(body, target(), {}).fields).not.toHaveProperty("anthropic_beta");
  });
});

describe("embeddings", () => {
  const encode = (request: { input: string | string[]; [field: string]: unknown }, model: string) => {
    const made = bedrock.embeddings?.encode({ model: "m", ...request }, target({ model }));
    return { url: made?.request.url, body: JSON.parse(String(made?.request.body)), dropped: made?.dropped };
  };

  test("by Titan: one text a call", () => {
    const model = "amazon.titan-embed-text-v2:0";
    const made = encode({ input: ["A"], dimensions: 256, user: "u" }, model);
    expect(made).toEqual({
      url: `${BASE}/model/amazon.titan-embed-text-v2%3A0/invoke`,
      body: { inputText: "A", dimensions: 256 },
      dropped: ["user"],
    });
    expect(encode({ input: "A", dimensions: 256 }, "amazon.titan-embed-text-v1").dropped).toEqual(["dimensions"]);
    expect(() => encode({ input: ["A", "B"] }, model)).toThrow(
      expect.objectContaining({ kind: "invalid_request", param: "input" }),
    );
    const about = { request: { model: "m", input: "A" }, context };
    expect(bedrock.embeddings?.decode({ embedding: [0.5, 1], inputTextTokenCount: 3 }, about)).toEqual({
      response: { model: "m", vectors: [[0.5, 1]] },
      usage: { ...noUsage, input: 3 },
    });
  });

  test("by Cohere: many", () => {
    const made = encode({ input: ["A", "B"], input_type: "search_query", dimensions: 512 }, "cohere.embed-v4:0");
    expect(made.body).toEqual({
      texts: ["A", "B"],
      input_type: "search_query",
      embedding_types: ["float"],
      output_dimension: 512,
    });
    const about = { request: { model: "m", input: ["A", "B"] }, context };
    for (const embeddings of [{ float: [[1], [2]] }, [[1], [2]]]) {
      expect(bedrock.embeddings?.decode({ embeddings }, about)).toEqual({
        response: { model: "m", vectors: [[1], [2]] },
        usage: undefined,
      });
    }
  });

  test.each([[null], [{}], [{ embedding: ["a"] }], [{ embeddings: { float: [1] } }]])("are not %j", (body) => {
    const about = { request: { model: "m", input: "A" }, context };
    expect(() => bedrock.embeddings?.decode(body, about)).toThrow(
      expect.objectContaining({ kind: "upstream_garbled" }),
    );
  });
});

describe("a ranking", () => {
  const request = { model: "m", query: "q", documents: ["a", { text: "b", title: "B" }], top_n: 1, rank_fields: ["x"] };

  test.each([
    ["cohere.rerank-v3-5:0", { api_version: 2 }],
    ["amazon.rerank-v1:0", {}],
  ])("by %s", (model, more) => {
    const made = bedrock.rerank?.encode(request, target({ model }));
    expect(JSON.parse(String(made?.request.body))).toEqual({ query: "q", documents: ["a", "b"], top_n: 1, ...more });
    expect(made?.dropped).toEqual(["rank_fields", "documents"]);
  });

  test("is billed by the hundred documents", () => {
    const results = [{ index: 100, relevance_score: 0.5 }];
    const many = { model: "m", query: "q", documents: Array.from({ length: 101 }, String) };
    expect(bedrock.rerank?.decode({ results }, { request: many, context })).toEqual({
      response: { results },
      usage: { ...noUsage, searchUnits: 2 },
    });
    expect(() => bedrock.rerank?.decode({ results }, { request, context })).toThrow(
      expect.objectContaining({ kind: "upstream_garbled" }),
    );
  });
});

test("tokens are counted for a Converse request without its limits", () => {
  const request = ChatRequest.parse({ model: "m", max_tokens: 5, messages: [{ role: "user", content: "A" }] });
  const made = bedrock.countTokens?.encode(request, target());
  expect(made?.request.url).toBe(`${BASE}/model/anthropic.claude-sonnet-4-5-20250929-v1%3A0/count-tokens`);
  expect(JSON.parse(String(made?.request.body))).toEqual({
    input: { converse: { messages: [{ role: "user", content: [{ text: "A" }] }] } },
  });
  const about = { request, context };
  expect(bedrock.countTokens?.decode({ inputTokens: 9 }, about).response).toEqual({ inputTokens: 9 });
  expect(() => bedrock.countTokens?.decode({}, about)).toThrow(expect.objectContaining({ kind: "upstream_garbled" }));
});

describe("the list of models", () => {
  test("is asked for at the control plane, twice", () => {
    const at = target({ options: { region: "eu-west-1" } });
    const base = "https://bedrock.eu-west-1.amazonaws.com";
    expect(bedrock.listModels?.encode(at).url).toBe(`${base}/foundation-models`);
    expect(bedrock.listModels?.more?.(at).url).toBe(`${base}/inference-profiles?maxResults=1000`);
    expect(bedrock.listModels?.encode(target({ baseUrl: "http://127.0.0.1:1" })).url).toBe(
      "http://127.0.0.1:1/foundation-models",
    );
  });

  test("holds what can be called by its own name, and profiles", () => {
    const modelSummaries = [
      { modelId: "amazon.nova-lite-v1:0", providerName: "Amazon", inferenceTypesSupported: ["ON_DEMAND"] },
      { modelId: SONNET, providerName: "Anthropic", inferenceTypesSupported: ["INFERENCE_PROFILE"] },
      null,
    ];
    expect(bedrock.listModels?.decode({ modelSummaries })).toEqual([
      { id: "amazon.nova-lite-v1:0", ownedBy: "Amazon" },
    ]);
    const inferenceProfileSummaries = [{ inferenceProfileId: SONNET }, {}];
    expect(bedrock.listModels?.decode({ inferenceProfileSummaries })).toEqual([{ id: SONNET }]);
    expect(() => bedrock.listModels?.decode({})).toThrow(expect.objectContaining({ kind: "upstream_garbled" }));
  });
});

describe("errors", () => {
  test.each([
    [400, { message: "The text field is blank." }, "upstream_rejected"],
    [400, { __type: "com.amazon#ExpiredTokenException", message: "x" }, "upstream_denied"],
    [403, { message: "not authorized to perform: bedrock:InvokeModel" }, "upstream_denied"],
    [404, { message: "no such model" }, "upstream_rejected"],
    [408, { message: "slow" }, "upstream_timeout"],
    [424, { message: "failed", originalStatusCode: 429 }, "upstream_rate_limited"],
    [424, { message: "failed" }, "upstream_unavailable"],
    [429, { message: "Too many tokens" }, "upstream_rate_limited"],
    [503, "busy", "upstream_unavailable"],
    // As a stream of Claude's own events reports it.
    [429, { type: "error", error: { type: "rate_limit_error", message: "Too many" } }, "upstream_rate_limited"],
  ])("%d %j", (status, body, kind) => {
    expect(bedrock.classify(status, body).kind).toBe(kind);
  });

  test("the caller's mistake is told in AWS's words, the operator's is not", () => {
    expect(bedrock.classify(400, { Message: "Bad." }).message).toBe("Bad.");
    expect(bedrock.classify(403, { message: "User arn:aws:iam::1:user/x" }).message).not.toContain("arn");
  });
});
