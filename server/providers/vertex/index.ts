import { classify as classifyClaude } from "@/server/providers/anthropic/classify";
import { countTokens as countClaude } from "@/server/providers/anthropic/count-tokens";
import { decode as decodeClaude } from "@/server/providers/anthropic/decode";
import { modelFacts as claudeFacts } from "@/server/providers/anthropic/models";
import { decodeStream as decodeClaudeStream } from "@/server/providers/anthropic/stream";
import { classify as classifyGemini } from "@/server/providers/gemini/classify";
import { decodeCount } from "@/server/providers/gemini/count-tokens";
import { decode as decodeGemini } from "@/server/providers/gemini/decode";
import { encodeContentRequest } from "@/server/providers/gemini/encode";
import { jsonHeaders } from "@/server/providers/gemini/endpoint";
import { decodeModels } from "@/server/providers/gemini/list-models";
import { isGoogleFile } from "@/server/providers/gemini/media";
import { geminiNative } from "@/server/providers/gemini/native";
import { decodeStream as decodeGeminiStream } from "@/server/providers/gemini/stream";
import type { DecodeContext, Encoded, ProviderType, StreamPiece, Target } from "@/server/providers/provider";
import { claudeMessages, countClaudeTokens, encodeClaude } from "@/server/providers/vertex/claude";
import { embeddings } from "@/server/providers/vertex/embeddings";
import { endpoint, GLOBAL, isClaude, origin, publishedModel } from "@/server/providers/vertex/endpoint";
import type { ChatRequest } from "@/server/wire/chat";
import { isRecord } from "@/server/wire/json";
import type { ServerSentEvent } from "@/server/wire/sse";

/** Google Cloud's Vertex AI: Gemini, and Claude as Anthropic's partner models. Source: cloud.google.com/vertex-ai, REST reference. */
export const vertex: ProviderType = {
  id: "vertex",
  label: "Google Vertex AI",
  about:
    "Gemini and Claude models on Google Cloud, with a service account or the machine's own identity; options project and location.",
  baseUrl: GLOBAL,
  auth: { scheme: "google" },
  keyOptional: false,
  chat: {
    kind: "translated",
    encode: (request, target) => (isClaude(target) ? encodeClaude(request, target) : encodeGemini(request, target)),
    decode: (body, context) => (isMessage(body) ? decodeClaude(body, context) : decodeGemini(body, context)),
    decodeStream,
    fetchesUrl: isGoogleFile,
    continues: ({ model }) => claudeFacts(model).prefill,
  },
  native: {
    messages: claudeMessages,
    gemini: {
      ...geminiNative,
      serves: (target) => !isClaude(target),
      url: (target, { stream }) => contentUrl(target, stream),
    },
  },
  embeddings,
  countTokens: {
    encode: (request, target) => (isClaude(target) ? countClaudeTokens(request, target) : countGemini(request, target)),
    decode: (body, about) =>
      isRecord(body) && "input_tokens" in body ? countClaude.decode(body, about) : decodeCount(body),
  },
  listModels: {
    encode: (target) => ({
      method: "GET",
      url: `${origin(target)}/v1beta1/publishers/google/models?pageSize=1000`,
      headers: target.headers,
    }),
    decode: decodeModels,
  },
  classify: (status, body) =>
    isRecord(body) && body.type === "error" ? classifyClaude(status, body) : classifyGemini(status, body),
  priceLibraryId: "google",
};

function encodeGemini(request: ChatRequest, target: Target): Encoded {
  const { body, dropped } = encodeContentRequest(request, named(target));
  return encoded(target, { url: contentUrl(target, request.stream === true), body, dropped });
}

/** Vertex AI counts the parts of a request as they are, without a wrapper. */
function countGemini(request: ChatRequest, target: Target): Encoded {
  const { body, dropped } = encodeContentRequest(request, named(target));
  const { contents, systemInstruction, tools, generationConfig } = body;
  const url = endpoint(target, publishedModel(target), "countTokens");
  return encoded(target, { url, body: { contents, systemInstruction, tools, generationConfig }, dropped });
}

function encoded(target: Target, made: { url: string; body: object; dropped: ReadonlySet<string> }): Encoded {
  const { url, body, dropped } = made;
  return {
    request: { method: "POST", url, headers: jsonHeaders(target), body: JSON.stringify(body) },
    dropped: [...dropped],
  };
}

function contentUrl(target: Target, stream: boolean): string {
  return endpoint(target, publishedModel(target), stream ? "streamGenerateContent" : "generateContent");
}

function named(target: Target): Target {
  return { ...target, model: publishedModel(target).name };
}

function isMessage(body: unknown): boolean {
  return isRecord(body) && body.type === "message";
}

/** Whose stream it is shows with its first event: Anthropic's have names. */
function decodeStream(context: DecodeContext): (event: ServerSentEvent) => readonly StreamPiece[] {
  let decoder: ((event: ServerSentEvent) => readonly StreamPiece[]) | undefined;
  return (event) => {
    decoder ??= event.event === "" ? decodeGeminiStream(context) : decodeClaudeStream(context);
    return decoder(event);
  };
}
