import { existsSync } from "node:fs";
import { join } from "node:path";
import { findProvider } from "@pydantic/genai-prices";
import type { ProviderType } from "@/server/providers/provider";

const folder = join(import.meta.dirname, "../../server/providers");

/** Vendors without a list of their models, and how that is known. */
const WITHOUT_LIST: Readonly<Record<string, string>> = {
  perplexity: "docs.perplexity.ai describes none for the Sonar API",
  voyage: "docs.voyageai.com describes none",
  jina: "api.jina.ai describes none",
  sagemaker: "an endpoint serves one model",
};

/** What a provider type lacks before it can be offered, in words; empty when nothing. */
export function missingIn(type: ProviderType): string[] {
  return [...identity(type), ...address(type), ...abilities(type), ...prices(type)];
}

function* identity({ id, label, about }: ProviderType): Iterable<string> {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id)) yield `id "${id}" is not in kebab-case`;
  if (!existsSync(join(folder, `${id}.ts`)) && !existsSync(join(folder, id, "index.ts")))
    yield `no file server/providers/${id}.ts or ${id}/index.ts`;
  if (label.trim() === "") yield "label is empty";
  if (!about.endsWith(".")) yield "about is not a sentence";
}

function* address({ baseUrl, about, auth, keyOptional, local }: ProviderType): Iterable<string> {
  if (local) return;
  if (baseUrl === null) {
    if (!/http|address/.test(about)) yield "baseUrl is null, and about does not say what address to give";
  } else if (!/^https:\/\/[^/]+(\/.*[^/])?$/.test(baseUrl))
    yield `baseUrl "${baseUrl}" is not https, or ends with a slash`;
  if (auth.scheme === "none" && !keyOptional) yield "auth is none, and yet a key is demanded";
}

function* abilities({ id, chat, embeddings, rerank, moderations, listModels, native }: ProviderType): Iterable<string> {
  if (!chat && !embeddings && !rerank && !moderations) yield "no operation: chat, embeddings, rerank or moderations";
  if (native && !chat) yield "native dialects without chat";
  if (!listModels && !WITHOUT_LIST[id])
    yield "listModels is missing, and no reason is written in tests/providers/completeness.ts";
  if (listModels && WITHOUT_LIST[id]) yield "listModels is there, and a reason for its absence too";
}

function* prices({ baseUrl, priceLibraryId }: ProviderType): Iterable<string> {
  if (priceLibraryId !== undefined && findProvider({ providerId: priceLibraryId })?.id !== priceLibraryId)
    yield `priceLibraryId "${priceLibraryId}" is not known to the price library`;
  const known = baseUrl === null ? undefined : findProvider({ providerApiUrl: baseUrl })?.id;
  if (known && priceLibraryId === undefined) yield `priceLibraryId is missing: the price library has "${known}"`;
}
