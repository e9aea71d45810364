import { openAiModelRules } from "@/server/providers/openai";
import { chatLike, classifyOpenAi, modelsAt } from "@/server/providers/openai-like";
import { openAiEmbeddings } from "@/server/providers/openai-operations";
import type { ProviderType, Target } from "@/server/providers/provider";
import { textOf } from "@/server/wire/json";

/** A version by its date means the older API, whose URLs name the deployment. */
const DATED = /^\d{4}-\d{2}-\d{2}/;

/** An endpoint's URL. Models are named by their deployments: in the body, or in the URL where the option `apiVersion` is dated. */
function urlOf(target: Target, path: string): string {
  const version = textOf(target.options.apiVersion);
  const root = target.baseUrl.replace(/\/openai(\/v1)?$/, "");
  if (version === undefined) return `${root}/openai/v1${path}`;
  const query = `?api-version=${encodeURIComponent(version)}`;
  if (!DATED.test(version)) return `${root}/openai/v1${path}${query}`;
  if (path === "/responses" || path === "/models") return `${root}/openai${path}${query}`;
  return `${root}/openai/deployments/${encodeURIComponent(target.model)}${path}${query}`;
}

const at = (path: string) => ({ url: (target: Target) => urlOf(target, path) });

/**
 * Azure OpenAI and Foundry. The base URL is the resource's, as https://<resource>.openai.azure.com; without the option
 * `apiVersion` the v1 API is spoken, which needs none. The credential is the resource's key or an Entra application. What its
 * content filter refuses is an error 400 with the code `content_filter`; what it cuts off ends with that finish reason.
 * Source: learn.microsoft.com, "Azure OpenAI v1 API", "Azure OpenAI REST API reference", "Content filtering".
 */
export const azure: ProviderType = {
  id: "azure",
  label: "Azure OpenAI",
  about:
    "Deployments in Azure, at https://<resource>.openai.azure.com. Option apiVersion: a date, for deployment URLs.",
  baseUrl: null,
  auth: {
    scheme: "oauth-client",
    keyHeader: "api-key",
    authorities: {
      "https://login.microsoftonline.com": "https://cognitiveservices.azure.com/.default",
      "https://login.microsoftonline.us": "https://cognitiveservices.azure.us/.default",
      "https://login.partner.microsoftonline.cn": "https://cognitiveservices.azure.cn/.default",
    },
  },
  keyOptional: false,
  chat: chatLike({ knows: "all", developer: true, rules: openAiModelRules, url: at("/chat/completions").url }),
  native: { responses: at("/responses"), completions: at("/completions") },
  embeddings: openAiEmbeddings(at("/embeddings")),
  listModels: modelsAt(at("/models").url),
  classify: classifyOpenAi,
  priceLibraryId: "azure",
};
