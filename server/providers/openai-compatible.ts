import { GatewayError } from "@/server/errors";
import { classified, kindOfStatus, readError, unpaid } from "@/server/providers/classify";
import { isRecord, listOf, textOf } from "@/server/wire/json";
import type { Classified, NativeChat, ProviderType, UpstreamModel } from "@/server/providers/provider";

/** Chat as OpenAI defined it: the caller's bytes go out and the upstream's come back. */
export const openAiChat: NativeChat = {
  kind: "native",
  url: ({ baseUrl }) => `${baseUrl}/chat/completions`,
  streamUsage: true,
};

/** OpenAI's `GET /models`. `decode` throws `upstream_garbled` when the body holds no list. */
export const openAiModels: NonNullable<ProviderType["listModels"]> = {
  encode: (target) => ({ method: "GET", url: `${target.baseUrl}/models`, headers: { ...target.headers } }),
  decode: decodeModels,
};

/** Classifies the errors of APIs that follow OpenAI's, by status and by `{error: {message, type, code, param}}`. */
export function classifyOpenAi(status: number, body: unknown): Classified {
  const error = readError(body);
  if (status === 402 || error.code === "insufficient_quota" || error.type === "insufficient_quota") return unpaid();
  return classified(kindOfStatus(status), error);
}

/** Any server that speaks OpenAI's API: the admin gives its address. */
export const openaiCompatible: ProviderType = {
  id: "openai-compatible",
  label: "OpenAI-compatible",
  about: "Any server that speaks OpenAI's API, such as vLLM, Ollama, LM Studio or a hosted vendor.",
  baseUrl: null,
  auth: { scheme: "header", name: "authorization", prefix: "Bearer " },
  keyOptional: true,
  chat: openAiChat,
  listModels: openAiModels,
  classify: classifyOpenAi,
};

/** Vendors answer `{data: […]}`, `{models: […]}` or a bare list, of objects or of names. */
function decodeModels(body: unknown): readonly UpstreamModel[] {
  const list = Array.isArray(body) ? body : isRecord(body) ? (body.data ?? body.models) : undefined;
  if (!Array.isArray(list))
    throw new GatewayError("upstream_garbled", "The upstream's answer holds no list of models.");
  return listOf(list).flatMap((entry) => {
    if (!isRecord(entry)) return textOf(entry) === undefined ? [] : [{ id: String(entry) }];
    const id = textOf(entry.id) ?? textOf(entry.name);
    return id === undefined ? [] : [{ id, ownedBy: textOf(entry.owned_by) }];
  });
}
