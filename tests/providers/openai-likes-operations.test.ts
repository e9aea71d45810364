import { describe, expect, test } from "vitest";
import type { EmbeddingsRequest } from "@/server/wire/embeddings";
import type { RerankRequest } from "@/server/wire/rerank";
import { noUsage } from "@/server/wire/usage";
import { targetOf, typeOf } from "@/tests/providers/likes";
import { recordedBody } from "@/tests/providers/recordings";

const context = { id: "id-1", created: 1_700_000_000 };

function embed(id: string, request: Record<string, unknown>, options: Record<string, unknown> = {}) {
  const asked: EmbeddingsRequest = { model: "name", input: "a", ...request };
  const made = typeOf(id).embeddings?.encode(asked, targetOf(id, { model: "org/e 1", options }));
  if (!made) throw new Error(`${id} does not embed.`);
  return {
    url: made.request.url,
    body: JSON.parse(String(made.request.body)),
    dropped: made.dropped,
    method: made.request.method,
  };
}

function embedded(id: string, body: unknown, input: EmbeddingsRequest["input"] = "a") {
  return typeOf(id).embeddings?.decode(body, { request: { model: "name", input }, context });
}

function rerank(id: string, request: Partial<RerankRequest> = {}) {
  const made = typeOf(id).rerank?.encode(
    { model: "name", query: "q", documents: ["a", { text: "b", at: 1 }], ...request },
    targetOf(id),
  );
  if (!made) throw new Error(`${id} does not rerank.`);
  return { url: made.request.url, body: JSON.parse(String(made.request.body)), dropped: made.dropped };
}

function ranked(id: string, body: unknown) {
  return typeOf(id).rerank?.decode(body, { request: { model: "name", query: "q", documents: ["a", "b"] }, context });
}

describe("embeddings", () => {
  test.each([
    ["openai", "https://api.openai.com/v1/embeddings"],
    ["mistral", "https://api.mistral.ai/v1/embeddings"],
    ["together", "https://api.together.xyz/v1/embeddings"],
    ["deepinfra", "https://api.deepinfra.com/v1/openai/embeddings"],
    ["github-models", "https://models.github.ai/inference/embeddings"],
    ["voyage", "https://api.voyageai.com/v1/embeddings"],
    ["jina", "https://api.jina.ai/v1/embeddings"],
    ["huggingface", "https://router.huggingface.co/hf-inference/models/org/e%201/pipeline/feature-extraction"],
  ])("of %s are asked for at %s", (id, url) => {
    expect(embed(id, {})).toMatchObject({ url, method: "POST" });
  });

  const all = { input: ["a", "b"], dimensions: 64, encoding_format: "base64", user: "me", input_type: "query" };
  test.each([
    ["openai", { ...all, model: "org/e 1" }, []],
    [
      "mistral",
      { input: ["a", "b"], output_dimension: 64, encoding_format: "base64", input_type: "query", model: "org/e 1" },
      ["user"],
    ],
    [
      "voyage",
      { input: ["a", "b"], output_dimension: 64, encoding_format: "base64", input_type: "query", model: "org/e 1" },
      ["user"],
    ],
    [
      "jina",
      { input: ["a", "b"], dimensions: 64, embedding_type: "base64", input_type: "query", model: "org/e 1" },
      ["user"],
    ],
    ["nvidia", { ...all, model: "org/e 1" }, []],
    ["huggingface", { inputs: ["a", "b"], input_type: "query" }, ["dimensions", "user"]],
  ])("of %s in its own words", (id, body, dropped) => {
    const made = embed(id, all);
    expect(made.body).toEqual(body);
    expect(made.dropped).toEqual(dropped);
  });

  test("an admin says for whole providers what calls leave open", () => {
    expect(embed("nvidia", {}).body.input_type).toBe("passage");
    expect(embed("nvidia", {}, { inputType: "query" }).body.input_type).toBe("query");
    expect(embed("voyage", {}).body).not.toHaveProperty("input_type");
    expect(embed("voyage", {}, { inputType: "document" }).body.input_type).toBe("document");
    expect(embed("voyage", { input_type: "query" }, { inputType: "document" }).body.input_type).toBe("query");
    expect(embed("jina", {}, { task: "retrieval.query" }).body.task).toBe("retrieval.query");
    expect(embed("huggingface", {}, { provider: "sambanova" }).url).toContain("/sambanova/models/");
  });

  test("Voyage refuses the word float, which is what it gives anyway", () => {
    expect(embed("voyage", { encoding_format: "float" }).body).not.toHaveProperty("encoding_format");
  });

  test.each(["mistral", "together", "voyage", "jina", "huggingface", "ollama", "nvidia"])(
    "%s takes no token ids",
    (id) => {
      for (const input of [
        [1, 2],
        [[1, 2], [3]],
      ])
        expect(() => embed(id, { input })).toThrow(
          expect.objectContaining({ kind: "invalid_request", param: "input" }),
        );
    },
  );

  test.each(["openai", "azure", "vllm", "openai-compatible"])("%s takes token ids", (id) => {
    expect(embed(id, { input: [[1, 2], [3]] }).body.input).toEqual([[1, 2], [3]]);
  });

  test("a recorded answer of OpenAI's", () => {
    expect(embedded("openai", recordedBody("openai/embedding/openai-embedding.json"), ["a", "b"])).toEqual({
      response: {
        model: "text-embedding-3-small",
        vectors: [
          [0.0057293195, -0.012727811, 0.020042092, -0.013437585, 0.022833068],
          [-0.037104916, -0.05178114, -0.008340587, 0.001164541, -0.0035253682],
        ],
      },
      usage: { ...noUsage, input: 12 },
    });
  });

  test("a recorded answer of Voyage's", () => {
    expect(embedded("voyage", recordedBody("voyage/voyage-embedding.json"), ["a", "b"])).toEqual({
      response: {
        model: "voyage-3.5",
        vectors: [
          [0.000344163, -0.022529466, 0.010127448, 0.063431956, 0.016145896],
          [0.018987041, -0.029901529, -0.005134966, 0.082804598, -0.008740067],
        ],
      },
      usage: { ...noUsage, input: 12 },
    });
  });

  test("in any order, in base64, with what the vendor adds", () => {
    const data = [
      { index: 1, embedding: "AACAPw==" },
      { index: 0, embedding: "AAAAQA==" },
    ];
    expect(embedded("openai", { data, model: "e", usage: { prompt_tokens: 3 }, id: "x" }, ["a", "b"])).toEqual({
      response: { model: "e", vectors: ["AAAAQA==", "AACAPw=="], extra: { id: "x" } },
      usage: { ...noUsage, input: 3 },
    });
  });

  test.each([
    null,
    {},
    { data: {} },
    { data: [{ index: 0 }] },
    { data: [{ index: 0, embedding: ["a"] }] },
    {
      data: [
        { index: 0, embedding: [1] },
        { index: 0, embedding: [2] },
      ],
    },
  ])("%j is garbled", (body) => {
    expect(() => embedded("openai", body)).toThrow(expect.objectContaining({ kind: "upstream_garbled" }));
  });

  test("Hugging Face gives vectors alone: one a text, or one a token of it, and no usage", () => {
    expect(
      embedded(
        "huggingface",
        [
          [0.1, 0.2],
          [0.3, 0.4],
        ],
        ["a", "b"],
      ),
    ).toEqual({
      response: {
        model: "",
        vectors: [
          [0.1, 0.2],
          [0.3, 0.4],
        ],
      },
      usage: undefined,
    });
    expect(embedded("huggingface", [[[0.1], [0.9]], [[0.3]]], ["a", "b"])?.response.vectors).toEqual([[0.1], [0.3]]);
    for (const wrong of [{ error: "loading" }, [0.1], [[]], [["a"]], [[[]]], "text"])
      expect(() => embedded("huggingface", wrong)).toThrow(expect.objectContaining({ kind: "upstream_garbled" }));
  });
});

describe("rerank", () => {
  test.each([
    ["jina", "https://api.jina.ai/v1/rerank"],
    ["voyage", "https://api.voyageai.com/v1/rerank"],
    ["together", "https://api.together.xyz/v1/rerank"],
    ["siliconflow", "https://api.siliconflow.com/v1/rerank"],
    ["novita", "https://api.novita.ai/openai/v1/rerank"],
    ["zhipu", "https://api.z.ai/api/paas/v4/rerank"],
    ["dashscope", "https://dashscope-intl.aliyuncs.com/compatible-api/v1/reranks"],
  ])("at %s: %s", (id, url) => {
    expect(rerank(id).url).toBe(url);
  });

  test("documents go as texts where nothing else is taken; the gateway itself gives them back", () => {
    expect(rerank("siliconflow", { top_n: 1, return_documents: true }).body).toEqual({
      model: "m",
      query: "q",
      documents: ["a", "b"],
      top_n: 1,
      return_documents: false,
    });
    expect(rerank("jina").body.documents).toEqual(["a", { text: "b", at: 1 }]);
    expect(rerank("voyage", { top_n: 1 }).body).toMatchObject({ top_k: 1 });
    expect(rerank("voyage", { top_n: 1 }).body).not.toHaveProperty("top_n");
  });

  const results = [
    { index: 1, relevance_score: 0.9, document: { text: "b" } },
    { index: 0, relevance_score: 0.1 },
  ];
  const ranking = results.map(({ index, relevance_score }) => ({ index, relevance_score }));

  test.each([
    ["jina", { results, usage: { total_tokens: 15 } }, { ...noUsage, input: 15 }],
    ["voyage", { data: results, usage: { total_tokens: 26 } }, { ...noUsage, input: 26 }],
    ["siliconflow", { results, meta: { tokens: { input_tokens: 7, output_tokens: 0 } } }, { ...noUsage, input: 7 }],
    ["together", { results, meta: { billed_units: { search_units: 1 } } }, { ...noUsage, searchUnits: 1 }],
    ["vllm", { results, usage: { total_tokens: 0 } }, noUsage],
    ["openai-compatible", { results }, undefined],
  ])("%s says what it ranked and what that cost", (id, body, usage) => {
    expect(ranked(id, { id: "r", ...body })).toEqual({ response: { id: "r", results: ranking }, usage });
  });

  test.each([
    null,
    {},
    { results: [{ index: 2, relevance_score: 1 }] },
    { results: [{ index: 0 }] },
    { results: ["a"] },
  ])("%j is garbled", (body) => {
    expect(() => ranked("jina", body)).toThrow(expect.objectContaining({ kind: "upstream_garbled" }));
  });
});

describe("moderations", () => {
  const request = { model: "name", input: ["a"] };

  test.each([
    ["openai", "https://api.openai.com/v1/moderations"],
    ["mistral", "https://api.mistral.ai/v1/moderations"],
  ])("at %s: %s", (id, url) => {
    const made = typeOf(id).moderations?.encode(request, targetOf(id));
    expect(made?.request.url).toBe(url);
    expect(JSON.parse(String(made?.request.body))).toEqual({ ...request, model: "m" });
  });

  test("are read with an id of the call's where there is none", () => {
    const about = { request, context };
    const results = [{ flagged: false }];
    const decode = typeOf("openai").moderations?.decode;
    expect(decode?.({ id: "modr-1", model: "omni", results }, about)).toEqual({
      response: { id: "modr-1", model: "omni", results },
      usage: undefined,
    });
    expect(decode?.({ results }, about)).toEqual({ response: { id: "id-1", model: "", results }, usage: undefined });
    expect(() => decode?.({}, about)).toThrow(expect.objectContaining({ kind: "upstream_garbled" }));
  });
});
