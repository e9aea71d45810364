import { GatewayError } from "@/server/errors";
import { Draft, type Rule } from "@/server/providers/chat-changes";
import type { Encoded, Operation, Target } from "@/server/providers/provider";
import type { EmbeddingsAnswer, EmbeddingsRequest } from "@/server/wire/embeddings";
import { countOf, isRecord, listOf, textOf } from "@/server/wire/json";
import type { ModerationsAnswer, ModerationsRequest } from "@/server/wire/moderations";
import type { RerankAnswer, RerankRequest } from "@/server/wire/rerank";
import { noUsage, type Usage, usageFromChat } from "@/server/wire/usage";

/** Where an operation is, and what the vendor has otherwise. */
export type OperationQuirks = { readonly url?: (target: Target) => string; readonly rules?: readonly Rule[] };

/** A JSON body to send with POST. */
export function post(url: string, target: Target, body: unknown): Encoded["request"] {
  const headers = { "content-type": "application/json", ...target.headers };
  return { method: "POST", url, headers, body: JSON.stringify(body) };
}

/** `POST /embeddings` as OpenAI has it. Source: OpenAI API reference, "Create embeddings". */
export function openAiEmbeddings(quirks: OperationQuirks = {}): Operation<EmbeddingsRequest, EmbeddingsAnswer> {
  return {
    encode: (request, target) => encode(request, target, { path: "/embeddings", ...quirks }),
    decode: (body) => ({ response: vectorsOf(body), usage: promptUsage(isRecord(body) ? body.usage : undefined) }),
  };
}

/** `POST /moderations` as OpenAI has it. Source: OpenAI API reference, "Create moderation". */
export function openAiModerations(quirks: OperationQuirks = {}): Operation<ModerationsRequest, ModerationsAnswer> {
  return {
    encode: (request, target) => encode(request, target, { path: "/moderations", ...quirks }),
    decode: (body, { context }) => {
      if (!isRecord(body) || !Array.isArray(body.results)) throw garbled("no results of a moderation");
      const response = { id: textOf(body.id) ?? context.id, model: textOf(body.model) ?? "", results: body.results };
      return { response, usage: usageFromChat(body.usage) };
    },
  };
}

/**
 * `POST /rerank` as Jina and Cohere have it. Documents go out as texts unless `objects` is set, as most vendors take nothing
 * else. The results may be called `results` or `data`. Source: Jina API, "Reranker"; Cohere API reference, v2 "Rerank".
 */
export function rerankLike(
  quirks: OperationQuirks & { readonly objects?: boolean } = {},
): Operation<RerankRequest, RerankAnswer> {
  return {
    encode: (request, target) => {
      const documents = quirks.objects
        ? request.documents
        : request.documents.map((document) => (typeof document === "string" ? document : document.text));
      // The caller's documents are put back by the gateway, which has them.
      const body = { ...request, documents, return_documents: false };
      return encode(body, target, { path: "/rerank", ...quirks });
    },
    decode: (body, { request }) => {
      if (!isRecord(body)) throw garbled("no ranking");
      return { response: rankingOf(body, request.documents.length), usage: rerankUsage(body) };
    },
  };
}

type Place = OperationQuirks & { readonly path: string };

function encode(request: Readonly<Record<string, unknown>>, target: Target, { path, url, rules = [] }: Place): Encoded {
  const draft = new Draft(request, target);
  for (const rule of rules) rule(draft);
  const { body, dropped } = draft.whole();
  return { request: post(url?.(target) ?? target.baseUrl + path, target, { ...body, model: target.model }), dropped };
}

/** Refuses token ids where the vendor reads texts alone: whose tokens they are cannot be known. */
export const textsOnly: Rule = (draft) => {
  const input = draft.get("input");
  if (typeof input === "string" || listOf(input).every((one) => typeof one === "string")) return;
  throw new GatewayError("invalid_request", "This model's provider embeds texts; it does not take token ids.", {
    param: "input",
  });
};

/** The inputs as a list of texts. Throws `invalid_request` for token ids. */
export function textsOf({ input }: EmbeddingsRequest, target: Target): readonly string[] {
  textsOnly(new Draft({ input }, target));
  return typeof input === "string" ? [input] : input.filter((one) => typeof one === "string");
}

function vectorsOf(body: unknown): EmbeddingsAnswer {
  if (!isRecord(body) || !Array.isArray(body.data)) throw garbled("no list of embeddings");
  const found = new Map<number, readonly number[] | string>();
  for (const [position, entry] of body.data.entries()) {
    const vector: unknown = isRecord(entry) ? entry.embedding : undefined;
    if (!isVector(vector)) throw garbled("an embedding that is none");
    found.set((isRecord(entry) ? countOf(entry.index) : undefined) ?? position, vector);
  }
  const vectors = [...found].sort(([left], [right]) => left - right).map(([, vector]) => vector);
  if (vectors.length !== body.data.length) throw garbled("two embeddings of one input");
  const { object: _object, data: _data, model, usage: _usage, ...extra } = body;
  return { model: textOf(model) ?? "", vectors, ...(Object.keys(extra).length > 0 && { extra }) };
}

/** Whether a value is an embedding: numbers, or a text in base64. */
export function isVector(value: unknown): value is readonly number[] | string {
  if (typeof value === "string") return true;
  return Array.isArray(value) && value.every((one) => typeof one === "number");
}

function rankingOf(body: Readonly<Record<string, unknown>>, documents: number): RerankAnswer {
  const list = body.results ?? body.data;
  if (!Array.isArray(list)) throw garbled("no ranking");
  const results = list.map((one: unknown) => {
    const index = isRecord(one) ? countOf(one.index) : undefined;
    const score: unknown = isRecord(one) ? (one.relevance_score ?? one.score) : undefined;
    if (index === undefined || index >= documents || typeof score !== "number")
      throw garbled("a ranking of documents that were not sent");
    return { index, relevance_score: score };
  });
  return { id: textOf(body.id), results };
}

/** Vendors count tokens in `usage` or in `meta`, or bill by the search. */
function rerankUsage(body: Readonly<Record<string, unknown>>): Usage | undefined {
  const meta = isRecord(body.meta) ? body.meta : {};
  const billed = isRecord(meta.billed_units) ? meta.billed_units : {};
  const tokens = isRecord(meta.tokens) ? meta.tokens : {};
  const told = isRecord(body.usage) ? body.usage : {};
  const counted = promptUsage(told);
  const input = countOf(tokens.input_tokens) ?? countOf(billed.input_tokens);
  const searchUnits = countOf(billed.search_units) ?? countOf(told.search_units);
  if (!counted && input === undefined && searchUnits === undefined) return undefined;
  const usage = counted ?? { ...noUsage, input: input ?? 0 };
  return searchUnits ? { ...usage, searchUnits } : usage;
}

/** The usage of an operation that produces no tokens; some vendors tell the total alone. */
function promptUsage(blob: unknown): Usage | undefined {
  if (!isRecord(blob)) return undefined;
  const input = countOf(blob.prompt_tokens) ?? countOf(blob.input_tokens) ?? countOf(blob.total_tokens);
  return input === undefined ? undefined : { ...noUsage, input };
}

function garbled(what: string): GatewayError {
  return new GatewayError("upstream_garbled", `The provider's answer holds ${what}.`);
}
