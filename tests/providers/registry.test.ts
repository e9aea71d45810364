import { describe, expect, test } from "vitest";
import { openAiLike } from "@/server/providers/openai-like";
import { providerType, providerTypes } from "@/server/providers/registry";
import { missingIn } from "@/tests/providers/completeness";

const types = [...providerTypes.values()];
const target = { baseUrl: "https://upstream.example/v1", model: "", headers: { "x-team": "a" }, options: {} };

/** What the product promises to reach. */
const PROMISED = [
  ...["bedrock", "cohere", "sagemaker"],
  ...["anthropic", "azure", "huggingface", "replicate", "ollama", "voyage", "jina"],
  ...["openai", "groq", "mistral", "deepseek", "xai", "together", "fireworks", "openrouter", "perplexity", "cerebras"],
  ...["sambanova", "deepinfra", "minimax", "moonshot", "dashscope", "zhipu", "nvidia", "nebius", "novita"],
  ...["siliconflow", "baseten", "github-models", "databricks", "cloudflare-workers-ai", "vllm", "lmstudio", "llamacpp"],
];

describe("provider types", () => {
  test("are found by their id, and only by it", () => {
    for (const type of types) expect(providerType(type.id)).toBe(type);
    expect(providerType("OpenAI")).toBeUndefined();
    expect(providerType("constructor")).toBeUndefined();
  });

  test.each(PROMISED)("%s is one", (id) => {
    expect(providerType(id)?.id).toBe(id);
  });

  test("are offered with the best known first, then by their names, and with what fits everything last", () => {
    const ids = types.map((type) => type.id);
    expect(ids.slice(0, 2)).toEqual(["openai", "anthropic"]);
    expect(ids.slice(-2)).toEqual(["openai-compatible", "demo"]);
    const labels = types.slice(2, -2).map((type) => type.label);
    expect(labels).toEqual(labels.toSorted((left, right) => left.localeCompare(right)));
    expect(new Set(ids).size).toBe(ids.length);
  });

  test.each(types)("$id lacks nothing", (type) => {
    expect(missingIn(type)).toEqual([]);
  });

  test("what one lacks is named", () => {
    const bare = { id: "Groq 2", label: "", about: "Fast", baseUrl: "http://api.groq.com/" };
    expect(missingIn(openAiLike({ ...bare, priceLibraryId: "nobody" }))).toEqual([
      'id "Groq 2" is not in kebab-case',
      "no file server/providers/Groq 2.ts or Groq 2/index.ts",
      "label is empty",
      "about is not a sentence",
      'baseUrl "http://api.groq.com/" is not https, or ends with a slash',
      "listModels is missing, and no reason is written in tests/providers/completeness.ts",
      'priceLibraryId "nobody" is not known to the price library',
    ]);
    const { chat: _chat, ...silent } = openAiLike({ ...bare, id: "groq", about: "A.", baseUrl: null, label: "G" });
    expect(missingIn({ ...silent, auth: { scheme: "none" } })).toEqual([
      "baseUrl is null, and about does not say what address to give",
      "auth is none, and yet a key is demanded",
      "no operation: chat, embeddings, rerank or moderations",
      "listModels is missing, and no reason is written in tests/providers/completeness.ts",
    ]);
    const unpriced = openAiLike({ id: "groq", label: "G", about: "A.", baseUrl: "https://api.groq.com/openai/v1" });
    expect(missingIn(unpriced)).toContain('priceLibraryId is missing: the price library has "groq"');
  });
});

/** Those whose list of models is OpenAI's, at `/models` below the base URL. */
const likeOpenAi = types.filter(
  ({ listModels }) => listModels?.encode(target).url === "https://upstream.example/v1/models",
);

describe("lists of models", () => {
  test("are OpenAI's at most vendors", () => {
    expect(likeOpenAi.length).toBeGreaterThan(20);
  });

  test.each(types.filter((type) => type.listModels))("$id asks with the admin's headers", ({ listModels }) => {
    const request = listModels?.encode(target);
    expect(request).toMatchObject({ method: "GET", headers: { "x-team": "a" } });
    expect(request?.url).toMatch(/^https:\/\//);
    expect(() => listModels?.decode({ error: "no" })).toThrow(expect.objectContaining({ kind: "upstream_garbled" }));
  });

  test.each(likeOpenAi)("$id reads OpenAI's list", ({ listModels }) => {
    expect(listModels?.decode({ data: [{ id: "b", owned_by: "x" }, { id: "a" }, { name: "" }, null] })).toMatchObject([
      { id: "b" },
      { id: "a" },
    ]);
  });

  test.each([
    ["openai-compatible", { models: [{ name: "llama3" }, "phi"] }, ["llama3", "phi"]],
    ["together", [{ id: "a/b", owned_by: "me" }], ["a/b"]],
    ["ollama", { models: [{ name: "qwen3:8b", model: "qwen3:8b", size: 5 }] }, ["qwen3:8b"]],
    ["github-models", [{ id: "openai/gpt-4.1", publisher: "OpenAI" }], ["openai/gpt-4.1"]],
    ["databricks", { endpoints: [{ name: "databricks-claude", creator: "a@b.c" }, {}] }, ["databricks-claude"]],
    ["cloudflare-workers-ai", { result: [{ id: "0f1e", name: "@cf/openai/gpt-oss-20b" }] }, ["@cf/openai/gpt-oss-20b"]],
    ["replicate", { models: [{ owner: "meta", name: "llama-4" }, { owner: "x" }] }, ["meta/llama-4"]],
  ])("%s reads its own form", (id, body, ids) => {
    expect(
      providerType(id)
        ?.listModels?.decode(body)
        .map((model) => model.id),
    ).toEqual(ids);
  });

  test.each([
    ["ollama", "http://host:11434", "http://host:11434/api/tags"],
    ["github-models", "https://models.github.ai/inference", "https://models.github.ai/catalog/models"],
    ["github-models", "https://models.github.ai/orgs/acme/inference", "https://models.github.ai/catalog/models"],
    [
      "databricks",
      "https://a.cloud.databricks.com/serving-endpoints",
      "https://a.cloud.databricks.com/api/2.0/serving-endpoints",
    ],
    [
      "cloudflare-workers-ai",
      "https://api.cloudflare.com/client/v4/accounts/1/ai/v1",
      "https://api.cloudflare.com/client/v4/accounts/1/ai/models/search",
    ],
    ["replicate", "https://api.replicate.com/v1", "https://api.replicate.com/v1/collections/language-models"],
  ])("%s at %s is asked at %s", (id, baseUrl, url) => {
    expect(providerType(id)?.listModels?.encode({ ...target, baseUrl }).url).toBe(url);
  });
});
