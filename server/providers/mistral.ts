import { lacks, type Rule, renames } from "@/server/providers/chat-changes";
import { continued, type MessageRule, nameless } from "@/server/providers/chat-messages";
import { classifyOpenAi, openAiLike, openAiModels } from "@/server/providers/openai-like";
import { openAiEmbeddings, openAiModerations, textsOnly } from "@/server/providers/openai-operations";
import type { Classified } from "@/server/providers/provider";
import { isRecord, listOf } from "@/server/wire/json";

const OWN_ID = /^[a-zA-Z0-9]{9}$/;
const DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz";

/** Mistral takes ids of nine letters and digits alone; another vendor's become the same nine each time. */
function ownId(id: unknown): unknown {
  if (typeof id !== "string" || OWN_ID.test(id)) return id;
  let hash = 0xcbf29ce484222325n;
  for (const byte of Buffer.from(id)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  let made = "";
  for (let rest = hash; made.length < 9; rest /= 36n) made += DIGITS[Number(rest % 36n)];
  return made;
}

const ownIds: MessageRule = (message) => {
  if (message.role === "tool" && message.tool_call_id !== ownId(message.tool_call_id))
    return { ...message, tool_call_id: ownId(message.tool_call_id) };
  const calls = listOf(message.tool_calls);
  if (calls.every((call) => !isRecord(call) || call.id === ownId(call.id))) return message;
  return { ...message, tool_calls: calls.map((call) => (isRecord(call) ? { ...call, id: ownId(call.id) } : call)) };
};

/** An answer's own fields that come back with it in the history; Mistral refuses what it does not know. */
const bare: MessageRule = (message) => {
  if (message.role !== "assistant") return message;
  const { refusal, annotations, audio, function_call, ...rest } = message;
  return [refusal, annotations, audio, function_call].every((field) => field === undefined) ? message : rest;
};

/** Sound goes as the base64 alone, a document as a URL of its own part type. Source: Mistral API, "Audio", "Document AI". */
const ownParts: MessageRule = (message) => {
  if (!Array.isArray(message.content)) return message;
  const parts = message.content.map(ownPart);
  return parts.every((part, at) => part === listOf(message.content)[at]) ? message : { ...message, content: parts };
};

function ownPart(part: unknown): unknown {
  if (!isRecord(part)) return part;
  if (part.type === "input_audio" && isRecord(part.input_audio))
    return { type: "input_audio", input_audio: part.input_audio.data };
  if (part.type !== "file" || !isRecord(part.file)) return part;
  const { file_id, file_data, filename } = part.file;
  if (typeof file_id === "string") return { type: "file", file_id };
  if (typeof file_data !== "string") return part;
  const document_url = file_data.startsWith("data:") ? file_data : `data:application/pdf;base64,${file_data}`;
  return { type: "document_url", document_url, ...(typeof filename === "string" && { document_name: filename }) };
}

/** Small and medium models of 2026 and later reason fully or not at all; the others refuse to be told. Source: docs.mistral.ai, "Reasoning". */
const effort: Rule = (draft) => {
  const asked = draft.get("reasoning_effort");
  if (asked === undefined) return;
  if (!/^mistral-(small|medium)-(latest|2[6-9]\d\d|[4-9]|3[.-]5)/.test(draft.target.model))
    draft.drop("reasoning_effort");
  else if (asked !== "none") draft.set("reasoning_effort", "high");
};

/** Mistral has no log probabilities, biases or users, and refuses every field that is not its own. */
const LACKS = ["logprobs", "top_logprobs", "logit_bias", "user", "functions", "function_call"];

/** What its check of a request found is a list inside of the message. */
function classify(status: number, body: unknown): Classified {
  if (!isRecord(body) || !isRecord(body.message)) return classifyOpenAi(status, body);
  return classifyOpenAi(status, { type: body.type, code: body.code, param: body.param, detail: body.message.detail });
}

/** Mistral's own API. Source: docs.mistral.ai, API reference. */
export const mistral = openAiLike({
  id: "mistral",
  label: "Mistral",
  about: "Mistral, Magistral and Codestral models from Mistral AI.",
  baseUrl: "https://api.mistral.ai/v1",
  chat: {
    knows: ["prediction", "metadata", "prompt_cache_key"],
    lacks: LACKS,
    renames: { max_completion_tokens: "max_tokens", seed: "random_seed" },
    messages: [nameless, bare, ownIds, ownParts],
    rules: [continued("prefix"), effort],
    streamUsage: false,
  },
  embeddings: openAiEmbeddings({ rules: [textsOnly, renames("dimensions", "output_dimension"), lacks("user")] }),
  moderations: openAiModerations(),
  listModels: openAiModels,
  classify,
  priceLibraryId: "mistral",
});
