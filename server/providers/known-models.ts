import type { ModelFacts, ModelKind } from "@/server/providers/model-facts";
import { type Feature, features } from "@/server/wire/capabilities";

type Limits = Pick<ModelFacts, "contextWindow" | "maxOutputTokens">;

/** A vendor's own model, of which everything is known: what is not named it cannot do. */
function vendorModel(can: readonly Feature[], limits: Limits = {}, kind: ModelKind = "chat"): ModelFacts {
  return { kind, features: Object.fromEntries(features.map((feature) => [feature, can.includes(feature)])), ...limits };
}

/** A model of which only this much is known; of open weights, tools and schemas depend on the server that runs them. */
function partly(known: Readonly<Partial<Record<Feature, boolean>>>, limits: Limits = {}): ModelFacts {
  return { kind: "chat", features: known, ...limits };
}

const other: ModelFacts = { kind: "other" };
const claudes: Limits = { contextWindow: 200_000 };
const textOnly = { vision: false, audio_in: false, audio_out: false } as const;
const tools = "tools";
const standard = [tools, "vision", "pdf_in", "json_schema"] as const;

/**
 * Models by their name in small letters, without a vendor's prefix; the first pattern that matches counts. Sources: the
 * vendors' own pages on their models. A name that is not here has no known facts.
 */
export const knownModels: readonly (readonly [RegExp, ModelFacts])[] = [
  [/rerank/, { kind: "rerank" }],
  [/(^|-)moderation/, { kind: "moderations" }],
  [
    /embed|^voyage-(\d|code|law|finance|large|lite|multimodal|context)|^(bge|gte|e5|multilingual-e5)-|^jina-clip|^all-(minilm|mpnet)/,
    { kind: "embeddings" },
  ],
  [/whisper|transcribe|(^|-)tts(-|$)|realtime|native-audio|-live-/, other],
  [/^(dall-e|gpt-image|chatgpt-image|sora|imagen|veo|flux|stable-diffusion|sdxl|grok-2-image|mistral-ocr)/, other],
  [/^(gpt-3\.5-turbo-instruct|davinci-002|babbage-002|text-davinci)/, other],

  // OpenAI
  [/^gpt-5(\.\d)?-image|^gemini-.*-image/, partly({ vision: true })],
  [
    /^(o1|o3)-pro/,
    vendorModel([...standard, "reasoning"], { contextWindow: 200_000, maxOutputTokens: 100_000 }, "responses"),
  ],
  [/^gpt-5(\.\d)?-pro/, { kind: "responses", features: { tools: true, vision: true, reasoning: true } }],
  [
    /^(o3|o4-mini)-deep-research|^computer-use|^codex-mini|^gpt-5(\.\d)?-codex/,
    { kind: "responses", features: { reasoning: true } },
  ],
  [
    /^gpt-5(\.\d)?-chat/,
    partly({ vision: true, audio_in: false }, { contextWindow: 128_000, maxOutputTokens: 16_384 }),
  ],
  [
    /^gpt-5(\.[1245])?(-mini|-nano)?(-\d{4}|$)/,
    vendorModel([...standard, "reasoning"], { contextWindow: 400_000, maxOutputTokens: 128_000 }),
  ],
  [
    /^gpt-(4o-|4o-mini-)?audio/,
    vendorModel([tools, "audio_in", "audio_out"], { contextWindow: 128_000, maxOutputTokens: 16_384 }),
  ],
  [
    /^gpt-4o(-mini)?-search/,
    partly({ tools: false, json_schema: true, audio_in: false }, { contextWindow: 128_000, maxOutputTokens: 16_384 }),
  ],
  [/^gpt-4o-2024-05-13/, vendorModel([tools, "vision"], { contextWindow: 128_000, maxOutputTokens: 4_096 })],
  [
    /^chatgpt-4o/,
    partly({ vision: true, tools: false, reasoning: false }, { contextWindow: 128_000, maxOutputTokens: 16_384 }),
  ],
  [/^gpt-4o/, vendorModel(standard, { contextWindow: 128_000, maxOutputTokens: 16_384 })],
  [/^gpt-4\.1/, vendorModel(standard, { contextWindow: 1_047_576, maxOutputTokens: 32_768 })],
  [/^gpt-4\.5/, vendorModel(standard, { contextWindow: 128_000, maxOutputTokens: 16_384 })],
  [/^gpt-4-(\d{4}-preview|turbo-preview)/, vendorModel([tools], { contextWindow: 128_000, maxOutputTokens: 4_096 })],
  [/^gpt-4-turbo/, vendorModel([tools, "vision"], { contextWindow: 128_000, maxOutputTokens: 4_096 })],
  [/^gpt-4-32k/, vendorModel([tools], { contextWindow: 32_768 })],
  [/^gpt-4(-0613|$)/, vendorModel([tools], { contextWindow: 8_192 })],
  [/^gpt-(3\.5|35)-turbo/, vendorModel([tools], { contextWindow: 16_385, maxOutputTokens: 4_096 })],
  [/^o1-mini/, vendorModel(["reasoning"], { contextWindow: 128_000, maxOutputTokens: 65_536 })],
  [/^o1-preview/, vendorModel(["reasoning"], { contextWindow: 128_000, maxOutputTokens: 32_768 })],
  [/^o3-mini/, vendorModel([tools, "json_schema", "reasoning"], { contextWindow: 200_000, maxOutputTokens: 100_000 })],
  [
    /^(o1|o3|o4-mini)(-\d{4}|$)/,
    vendorModel([...standard, "reasoning"], { contextWindow: 200_000, maxOutputTokens: 100_000 }),
  ],
  [/^gpt-oss-safeguard/, partly({ ...textOnly, reasoning: true })],
  [/^gpt-oss/, partly({ ...textOnly, reasoning: true }, { contextWindow: 131_072 })],

  // Anthropic; structured output came with Opus 4.1 and Sonnet 4.5. The window of Sonnet 4 and of later models is a matter of a beta
  // header, or of their version.
  [/^claude-(instant|v?[12](\.\d)?(:|$))/, vendorModel([], { maxOutputTokens: 4_096 })],
  [
    /^claude-3-(haiku|sonnet|opus)/,
    partly({ tools: true, vision: true, reasoning: false, json_schema: false, audio_in: false }, claudes),
  ],
  [/^claude-3[-.]5/, vendorModel([tools, "vision", "pdf_in"], claudes)],
  [/^claude-3[-.]7/, vendorModel([tools, "vision", "pdf_in", "reasoning"], claudes)],
  [/^claude-opus-4(-0|[-@]20\d{6}|$)/, vendorModel([tools, "vision", "pdf_in", "reasoning"], claudes)],
  [/^claude-(opus-4[-.][15]|haiku-4[-.]5)(?!\d)/, vendorModel([...standard, "reasoning"], claudes)],
  [/^claude-sonnet-4(-0|[-@]20\d{6}|$)/, vendorModel([tools, "vision", "pdf_in", "reasoning"])],
  [/^claude-[a-z]+-(4[-.][1-9](?!\d)|5)/, vendorModel([...standard, "reasoning"])],

  // Google
  [/^gemini-1\.5-pro/, vendorModel([...standard, "audio_in"], { contextWindow: 2_097_152, maxOutputTokens: 8_192 })],
  [
    /^gemini-(1\.5|2\.0)-(flash|pro)/,
    vendorModel([...standard, "audio_in"], { contextWindow: 1_048_576, maxOutputTokens: 8_192 }),
  ],
  [
    /^gemini-(2\.5|3|3\.\d)-(flash|pro)/,
    vendorModel([...standard, "audio_in", "reasoning"], { contextWindow: 1_048_576, maxOutputTokens: 65_536 }),
  ],
  [/^gemma-3-(4|12|27)b/, partly({ vision: true, audio_in: false, reasoning: false }, { contextWindow: 131_072 })],

  // xAI
  [/^grok-4([-.]1)?-fast-non-reasoning/, vendorModel([tools, "vision", "json_schema"], { contextWindow: 2_000_000 })],
  [
    /^grok-4([-.]1)?-fast-reasoning/,
    vendorModel([tools, "vision", "json_schema", "reasoning"], { contextWindow: 2_000_000 }),
  ],
  [/^grok-4(-\d{4}|-latest|$)/, vendorModel([tools, "vision", "json_schema", "reasoning"], { contextWindow: 256_000 })],
  [/^grok-3-mini/, vendorModel([tools, "json_schema", "reasoning"], { contextWindow: 131_072 })],
  [/^grok-code-fast/, vendorModel([tools, "json_schema", "reasoning"], { contextWindow: 256_000 })],
  [/^grok-3/, vendorModel([tools, "json_schema"], { contextWindow: 131_072 })],
  [/^grok-2-vision/, vendorModel([tools, "vision", "json_schema"], { contextWindow: 32_768 })],

  // Mistral
  [/^pixtral/, partly({ tools: true, vision: true, reasoning: false }, { contextWindow: 131_072 })],
  [
    /^mistral-(medium|small)-(latest|25(0[3-9]|1\d))/,
    partly({ tools: true, vision: true, json_schema: true, audio_in: false }, { contextWindow: 131_072 }),
  ],
  [/^mistral-large-(latest|\d{4})/, partly({ tools: true, json_schema: true, audio_in: false })],
  [/^magistral/, partly({ tools: true, reasoning: true, audio_in: false })],
  [/^codestral-(latest|\d{4})/, partly({ ...textOnly, tools: true, json_schema: true })],
  [/^voxtral/, partly({ audio_in: true })],

  // Cohere
  [/^command-a-vision/, vendorModel(["vision", "json_schema"], { contextWindow: 128_000, maxOutputTokens: 8_000 })],
  [
    /^command-a-reasoning/,
    vendorModel([tools, "json_schema", "reasoning"], { contextWindow: 256_000, maxOutputTokens: 32_000 }),
  ],
  [/^command-a/, vendorModel([tools, "json_schema"], { contextWindow: 256_000, maxOutputTokens: 8_000 })],
  [/^command-r/, vendorModel([tools, "json_schema"], { contextWindow: 128_000, maxOutputTokens: 4_000 })],

  // DeepSeek
  [
    /^deepseek-chat/,
    partly({ ...textOnly, tools: true, json_schema: false }, { contextWindow: 131_072, maxOutputTokens: 8_192 }),
  ],
  [/^deepseek-reasoner/, partly({ ...textOnly, reasoning: true }, { contextWindow: 131_072 })],
  [/^deepseek-r1/, partly({ ...textOnly, reasoning: true })],
  [/^deepseek-v\d/, partly(textOnly)],

  // Open weights, whoever serves them
  [/^qwen.*-omni/, partly({ vision: true, audio_in: true })],
  [/^(qwen.*-vl|qvq)/, partly({ vision: true, audio_in: false })],
  [/^(qwq|qwen3.*-thinking)/, partly({ ...textOnly, reasoning: true })],
  [/^llama-guard/, partly({ tools: false, reasoning: false })],
  [
    /^(meta-)?llama-?(v?3[.p-]2-(11|90)b|4)|^llama.*vision/,
    partly({ vision: true, audio_in: false, reasoning: false }),
  ],
  [/^(meta-)?llama-?v?3[.p-][123]-/, partly({ ...textOnly, reasoning: false }, { contextWindow: 131_072 })],
  [/^(meta-)?llama-?v?3/, partly({ ...textOnly, reasoning: false }, { contextWindow: 8_192 })],
  [/^glm-4(\.\d)?v/, partly({ vision: true, audio_in: false })],
  [/^glm-4\.[567]/, partly({ ...textOnly, reasoning: true })],
  [/^kimi-k2-thinking/, partly({ ...textOnly, tools: true, reasoning: true })],
  [/^moonshot-v1-8k$/, partly({ ...textOnly, reasoning: false }, { contextWindow: 8_192 })],
  [/^moonshot-v1-32k$/, partly({ ...textOnly, reasoning: false }, { contextWindow: 32_768 })],
  [/^moonshot-v1-128k$/, partly({ ...textOnly, reasoning: false }, { contextWindow: 131_072 })],
  [/^moonshot-v1-.*vision/, partly({ vision: true, audio_in: false })],
  [/^sonar-(reasoning|deep-research)/, partly({ tools: false, reasoning: true, audio_in: false })],
  [/^sonar/, partly({ tools: false, reasoning: false, audio_in: false })],

  // The demonstration
  [/^demo$/, vendorModel([])],
];
