import { describe, expect, test } from "vitest";
import { type ModelKind, modelFacts } from "@/server/providers/model-facts";

describe("what a model's name says", () => {
  test.each<[ModelKind, string[]]>([
    ["chat", ["gpt-4o", "gpt-5.4-mini", "ft:gpt-4o-mini-2024-07-18:acme::x", "openai/gpt-4.1", "o3", "demo"]],
    ["chat", ["us.anthropic.claude-sonnet-4-5-20250929-v1:0", "claude-3-5-haiku@20241022", "claude-opus-4-0"]],
    ["chat", ["models/gemini-2.5-flash", "gemini-3-pro-preview", "grok-4-fast-reasoning", "command-a-03-2025"]],
    ["chat", ["accounts/fireworks/models/llama-v3p1-70b-instruct", "meta-llama/Llama-3.3-70B-Instruct-Turbo"]],
    ["responses", ["o1-pro", "gpt-5-pro", "gpt-5.1-codex", "o4-mini-deep-research"]],
    ["embeddings", ["text-embedding-3-small", "gemini-embedding-001", "amazon.titan-embed-text-v2:0", "voyage-3.5"]],
    ["embeddings", ["BAAI/bge-m3", "nomic-embed-text", "cohere.embed-english-v3", "mistral-embed", "jina-clip-v2"]],
    ["rerank", ["rerank-v3.5", "BAAI/bge-reranker-v2-m3", "rerank-2.5", "jina-reranker-v2-base-multilingual"]],
    ["moderations", ["omni-moderation-latest", "text-moderation-stable", "mistral-moderation-latest"]],
    ["other", ["whisper-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-image-1", "dall-e-3", "gpt-realtime"]],
    ["other", ["imagen-4.0-generate-001", "gemini-2.5-flash-preview-tts", "gpt-4o-transcribe"]],
  ])("%s: %j", (kind, names) => {
    expect(names.map((name) => [name, modelFacts(name).kind])).toEqual(names.map((name) => [name, kind]));
  });

  test.each([
    "vendor-model-1",
    "my-deployment",
    "",
    "gpt",
    "llamas-are-nice",
    "gpt-9",
    "gpt-6-sol",
    "grok-4.20",
    "gemini-2.5-computer-use",
  ])("of %j nothing", (name) => {
    expect(modelFacts(name)).toEqual({});
  });

  test.each([
    ["gpt-4o", { vision: true, reasoning: false, audio_in: false, json_schema: true }, 16_384],
    ["gpt-4o-audio-preview", { vision: false, audio_in: true, audio_out: true }, 16_384],
    ["gpt-4o-2024-05-13", { tools: true, json_schema: false }, 4_096],
    ["gpt-5-mini", { vision: true, reasoning: true, tools: true }, 128_000],
    ["o1-mini", { tools: false, reasoning: true }, 65_536],
    ["o3-mini", { vision: false, tools: true }, 100_000],
    ["claude-3-haiku-20240307", { vision: true, reasoning: false, json_schema: false }, 4_096],
    ["claude-3-7-sonnet-latest", { reasoning: true, json_schema: false }, 64_000],
    ["claude-sonnet-4-20250514", { reasoning: true, json_schema: false }, 64_000],
    ["claude-opus-4-1", { reasoning: true, json_schema: true }, 32_000],
    ["anthropic.claude-v2:1", { tools: false, vision: false }, 4_096],
    ["gemini-2.5-pro", { audio_in: true, pdf_in: true, reasoning: true }, 65_536],
    ["gemini-2.0-flash", { reasoning: false }, 8_192],
    ["grok-4-fast-non-reasoning", { reasoning: false }, undefined],
    ["grok-3-mini", { reasoning: true, vision: false }, undefined],
  ])("%s", (name, features, maxOutputTokens) => {
    const facts = modelFacts(name);
    expect(facts.features).toMatchObject(features);
    expect(facts.maxOutputTokens).toBe(maxOutputTokens);
  });

  test("of open weights it is not known whether their server can call tools", () => {
    for (const name of ["llama-3.3-70b-versatile", "qwen2.5-vl-72b-instruct", "gpt-oss-120b", "deepseek-r1"])
      expect(modelFacts(name).features, name).not.toHaveProperty("tools");
  });
});
