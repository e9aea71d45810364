import { GatewayError } from "@/server/errors";
import { changes, lacks, type Rule, renames, within } from "@/server/providers/chat-changes";
import {
  developerAsSystem,
  eachMessage,
  type MessageRule,
  reasoningAs,
  toolMediaAside,
} from "@/server/providers/chat-messages";
import { classified, kindOfStatus, readError, unpaid } from "@/server/providers/classify";
import type {
  Auth,
  Classified,
  Extension,
  Native,
  NativeChat,
  ProviderType,
  Target,
  UpstreamModel,
} from "@/server/providers/provider";
import { isRecord, listOf, textOf } from "@/server/wire/json";

export const bearer: Auth = { scheme: "header", name: "authorization", prefix: "Bearer " };

/** Chat as OpenAI defined it: the caller's bytes go out and the upstream's come back. */
export const openAiChat: NativeChat = {
  kind: "native",
  url: ({ baseUrl }) => `${baseUrl}/chat/completions`,
  streamUsage: true,
};

/** An endpoint below the base URL that takes a caller's bytes. */
export function at(path: string): Native {
  return { url: ({ baseUrl }) => `${baseUrl}${path}` };
}

/** OpenAI's fields that other vendors rarely have. Most vendors pass over what they do not know: the caller is told instead. */
const OPENAI_ONLY = [
  "store",
  "metadata",
  "prediction",
  "web_search_options",
  "verbosity",
  "service_tier",
  "safety_identifier",
  "prompt_cache_key",
  "prompt_cache_retention",
  "modalities",
  "audio",
];

/** Where a vendor's chat differs from OpenAI's. */
export type ChatQuirks = {
  /** Of the fields that only OpenAI has as a rule, those that this vendor has too; "all" where it has every one. */
  readonly knows?: readonly string[] | "all";
  /** Fields that it refuses or passes over. */
  readonly lacks?: readonly string[];
  /** OpenAI's name of a field and the vendor's. */
  readonly renames?: Readonly<Record<string, string>>;
  /** Ranges that are narrower than OpenAI's. */
  readonly within?: Readonly<Record<string, readonly [number, number]>>;
  /** Whether it takes the role `developer`; else that is said as `system`. */
  readonly developer?: boolean;
  /** The names under which it takes the model's earlier reasoning back. */
  readonly reasoning?: readonly ("reasoning" | "reasoning_content")[];
  /** Whether it takes `reasoning_details` back. */
  readonly reasoningDetails?: boolean;
  /** Extensions that it takes beside reasoning. */
  readonly keeps?: readonly Extension[];
  readonly messages?: readonly MessageRule[];
  /** What cannot be said above, applied last. */
  readonly rules?: readonly Rule[];
  /** False where it does not take `stream_options`; it is then left out, as such vendors tell the usage unasked. */
  readonly streamUsage?: boolean;
  readonly url?: NativeChat["url"];
};

/** Chat at a vendor that speaks OpenAI's dialect but for these differences. */
export function chatLike(quirks: ChatQuirks = {}): NativeChat {
  const { knows = [], reasoning = [], streamUsage = true } = quirks;
  const perMessage = [
    ...(quirks.developer ? [] : [developerAsSystem]),
    reasoningAs({ names: reasoning, details: quirks.reasoningDetails ?? false }),
    ...(quirks.messages ?? []),
  ];
  const rules: Rule[] = [
    ...(knows === "all" ? [] : [lacks(...OPENAI_ONLY.filter((name) => !knows.includes(name)))]),
    lacks(...(quirks.lacks ?? [])),
    ...Object.entries(quirks.renames ?? {}).map(([from, to]) => renames(from, to)),
    ...Object.entries(quirks.within ?? {}).map(([name, [least, most]]) => within(name, least, most)),
    ...(streamUsage ? [] : [(draft: Parameters<Rule>[0]) => draft.remove("stream_options")]),
    eachMessage(...perMessage),
    toolMediaAside,
    ...(quirks.rules ?? []),
  ];
  return {
    ...openAiChat,
    streamUsage,
    change: changes(...rules),
    keeps: [...(reasoning.length > 0 ? (["reasoning_content"] as const) : []), ...(quirks.keeps ?? [])],
    ...(quirks.url && { url: quirks.url }),
  };
}

/** A vendor of OpenAI's dialect: what it is called, where it is, what it can do, and where its chat differs. */
export type Vendor = Pick<ProviderType, "id" | "label" | "about" | "baseUrl"> &
  Partial<Omit<ProviderType, "chat">> & { readonly chat?: ChatQuirks };

/** A provider type for a vendor that speaks OpenAI's dialect, with a key as bearer token unless it says otherwise. */
export function openAiLike({ chat, ...vendor }: Vendor): ProviderType {
  return { auth: bearer, keyOptional: false, classify: classifyOpenAi, ...vendor, chat: chatLike(chat) };
}

/** OpenAI's `GET /models`. `decode` throws `upstream_garbled` when the body holds no list. */
export const openAiModels = modelsAt(({ baseUrl }) => `${baseUrl}/models`);

/** A list of models in OpenAI's form, or one near it, at this URL. */
export function modelsAt(
  url: (target: Target) => string,
  decode: (body: unknown) => readonly UpstreamModel[] = decodeModels,
): NonNullable<ProviderType["listModels"]> {
  return { encode: (target) => ({ method: "GET", url: url(target), headers: { ...target.headers } }), decode };
}

/** The base URL with its usual ending replaced, for a vendor's endpoints that lie beside it. */
export function beside({ baseUrl }: Target, ending: string, path: string): string {
  return (baseUrl.endsWith(ending) ? baseUrl.slice(0, -ending.length) : baseUrl) + path;
}

/** Classifies the errors of APIs that follow OpenAI's, by status and by `{error: {message, type, code, param}}`. */
export function classifyOpenAi(status: number, body: unknown): Classified {
  const error = readError(body);
  if (status === 402 || error.code === "insufficient_quota" || error.type === "insufficient_quota") return unpaid();
  return classified(kindOfStatus(status), error);
}

/** Vendors answer `{data: […]}`, `{models: […]}`, `{result: […]}` or a bare list, of objects or of names. */
function decodeModels(body: unknown): readonly UpstreamModel[] {
  const list = Array.isArray(body) ? body : isRecord(body) ? (body.data ?? body.models ?? body.result) : undefined;
  if (!Array.isArray(list))
    throw new GatewayError("upstream_garbled", "The upstream's answer holds no list of models.");
  return listOf(list).flatMap((entry) => {
    if (!isRecord(entry)) return textOf(entry) === undefined ? [] : [{ id: String(entry) }];
    const id = textOf(entry.id) ?? textOf(entry.name);
    return id === undefined ? [] : [{ id, ownedBy: textOf(entry.owned_by) }];
  });
}
