import { generateKeyPairSync } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { TextDialectId } from "@/server/dialects/dialect";
import type { ProviderType } from "@/server/providers/provider";
import { providerTypes } from "@/server/providers/registry";
import { type Feature, features } from "@/tests/matrix/said";
import type { Thought } from "@/tests/matrix/vendors/chat";

/** Why a vendor has no such thing; `callers` where only those are meant. */
export type Lack = { reason: string; callers?: readonly TextDialectId[] };

/** One provider type with one of its models. */
export type Row = {
  /** In the printed table, and the first part of the vendor's path. */
  name: string;
  type: ProviderType;
  /** The upstream's name of the model. */
  model: string;
  thought: Thought;
  options: Record<string, unknown>;
  lacks: Partial<Record<Feature, Lack>>;
  /** What the vendor takes a part of: how the answer names the rest, and why. */
  loses: Partial<Record<Feature, Lack & { dropped: string }>>;
};

type Special = Partial<Pick<Row, "model" | "thought" | "options" | "lacks" | "loses">> & { suffix?: string };

const noChat = all({ reason: "the vendor embeds and reranks, and has no chat" });
const noTools = (reason: string) => ({ tools: { reason }, "stream tools": { reason } });
const SWITCH = { reason: "its models reason or do not; how much cannot be said", dropped: "reasoning_effort" };
const IN_WORDS = {
  reason: "its JSON mode takes no schema, which is told to the model in words",
  dropped: "response_format.json_schema",
};
const ONE_TEXT = { reason: "the demonstration says one thing, whatever it is asked" };
/** What the vendor's endpoint for Messages takes as it is. */
const translated = ["chat", "responses", "gemini"] as const;

/** Models that reason where the vendor has both kinds, and where each vendor's dialect differs. */
const specials: Record<string, readonly Special[]> = {
  openai: [{ model: "gpt-5", thought: "none" }],
  azure: [
    { model: "gpt-5", thought: "none" },
    { model: "gpt-5", thought: "none", suffix: "dated", options: { apiVersion: "2024-10-21" } },
  ],
  "github-models": [{ model: "openai/gpt-5", thought: "none" }],
  anthropic: [{ model: "claude-sonnet-4-5" }, { model: "claude-opus-4-7", suffix: "adaptive" }],
  bedrock: [
    { model: "us.anthropic.claude-sonnet-4-5-20250929-v1:0", suffix: "claude" },
    { model: "amazon.nova-2-lite-v1:0", suffix: "nova" },
    {
      model: "meta.llama3-3-70b-instruct-v1:0",
      suffix: "llama",
      lacks: {
        reasoning: { reason: "Llama does not reason" },
        structured: { reason: "Llama on Bedrock has no structured output, and cannot be made to call a tool" },
      },
    },
  ],
  vertex: [
    { model: "gemini-2.5-flash", suffix: "gemini" },
    { model: "claude-sonnet-4-5@20250929", suffix: "claude" },
  ],
  gemini: [{ model: "gemini-2.5-flash" }, { model: "gemini-3-pro-preview", suffix: "levels" }],
  databricks: [{}, { model: "databricks-claude-sonnet-4-5", suffix: "claude" }],
  cohere: [{ model: "command-a-reasoning-08-2025" }],
  cerebras: [{ model: "gpt-oss-120b", thought: "reasoning" }],
  groq: [{ model: "openai/gpt-oss-120b", thought: "reasoning" }],
  mistral: [{ model: "mistral-medium-latest", thought: "pieces" }],
  together: [{ thought: "reasoning" }],
  openrouter: [{ thought: "reasoning" }],
  vllm: [{ thought: "reasoning" }],
  huggingface: [{ thought: "reasoning" }],
  "ollama-openai": [{ thought: "reasoning" }],
  deepseek: [{ loses: { structured: { ...IN_WORDS, callers: translated } } }],
  moonshot: [{ loses: { reasoning: { ...SWITCH, callers: translated } } }],
  minimax: [{ loses: { reasoning: { ...SWITCH, callers: translated } } }],
  zhipu: [
    {
      loses: {
        reasoning: { ...SWITCH, callers: translated },
        structured: { ...IN_WORDS, callers: translated },
      },
    },
  ],
  perplexity: [{ lacks: noTools("Sonar calls no functions") }],
  replicate: [
    {
      model: "openai/gpt-5",
      thought: "none",
      lacks: {
        ...noTools("its models take a prompt and give a text"),
        structured: { reason: "its models' inputs have no place for a schema" },
      },
    },
  ],
  voyage: [{ lacks: noChat }],
  jina: [{ lacks: noChat }],
  demo: [
    {
      lacks: {
        ...noTools(ONE_TEXT.reason),
        image: ONE_TEXT,
        reasoning: ONE_TEXT,
        structured: ONE_TEXT,
        error: { reason: "the demonstration answers in this process and cannot fail" },
      },
    },
  ],
};

function all(lack: Lack): Row["lacks"] {
  return Object.fromEntries(features.map((feature) => [feature, lack]));
}

/** Every provider type of the registry, some with several models because those are spoken to in different ways. */
export const rows: readonly Row[] = [...providerTypes.values()].flatMap((type) =>
  (specials[type.id] ?? [{}]).map(({ suffix, ...special }) => ({
    name: suffix ? `${type.id}-${suffix}` : type.id,
    type,
    model: "served-model",
    thought: "reasoning_content" as const,
    options: {},
    lacks: {},
    loses: {},
    ...special,
  })),
);

const KEY = "sk-of-the-matrix-1234567890";
const AWS_ID = "AKIAMATRIXMATRIXMATR";
const AWS_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/** The credential of a row's provider, as an admin writes it. */
export function credentialOf({ type: { auth } }: Row, vendorUrl: string): string {
  if (auth.scheme === "sigv4") return `${AWS_ID}:${AWS_SECRET}`;
  if (auth.scheme !== "google") return KEY;
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return JSON.stringify({
    type: "service_account",
    project_id: "project-of-the-matrix",
    private_key_id: "k1",
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
    client_email: "matrix@project-of-the-matrix.iam.gserviceaccount.com",
    token_uri: `${vendorUrl}/token`,
  });
}

/** Whether a request bears the row's credential the way its vendor wants it. */
export function isAuthorized({ type: { auth } }: Row, headers: IncomingHttpHeaders): boolean {
  switch (auth.scheme) {
    case "header":
      return headers[auth.name] === auth.prefix + KEY;
    case "sigv4":
      return new RegExp(`^AWS4-HMAC-SHA256 Credential=${AWS_ID}/\\d{8}/us-east-1/${auth.service}/`).test(
        headers.authorization ?? "",
      );
    case "google":
      return headers.authorization === "Bearer token-of-the-account";
    case "oauth-client":
      return headers[auth.keyHeader] === KEY;
    case "none":
      return true;
    default:
      return auth satisfies never;
  }
}
