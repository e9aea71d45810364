import { errorBody } from "@/server/dialects/gemini/error";
import type { Endpoint } from "@/server/gateway/endpoint";
import { withKey } from "@/server/gateway/generate-content";
import { look } from "@/server/gateway/look";
import { type ModelView, modelView } from "@/server/gateway/model-view";
import { modelsOf } from "@/server/gateway/models";
import { resolve } from "@/server/gateway/resolve";
import { catalog } from "@/server/state/catalog";

/** `GET /v1beta/models`: the models that the key may use, on one page. Source: Gemini API reference, "models.list". */
export const listNamedModels: Endpoint = (inbound) =>
  look(withKey(inbound), async (caller) => ({ models: (await modelsOf(caller)).map(named) }), errorBody);

/** `GET /v1beta/models/{model}`; a name may contain slashes. One 404 for what is missing and what is forbidden. */
export const getNamedModel: Endpoint = (inbound) =>
  look(
    withKey(inbound),
    async (caller) => {
      const id = inbound.params.id ?? "";
      const about = { created: catalog().models.get(id)?.created ?? 0, served: resolve(caller, id) };
      return named(await modelView(id, about, Date.now()));
    },
    errorBody,
  );

/** Below `/v1`, where some of Google's SDKs ask too, their header tells which list is meant. */
export function inEitherForm(usual: Endpoint, other: Endpoint): Endpoint {
  return (inbound) => (inbound.headers["x-goog-api-key"] === undefined ? usual : other)(inbound);
}

function named({ id, conduit }: ModelView): Record<string, unknown> {
  const { context_window, max_output_tokens, capabilities } = conduit;
  return {
    name: `models/${id}`,
    baseModelId: id,
    version: "",
    displayName: id,
    ...(context_window !== null && { inputTokenLimit: context_window }),
    ...(max_output_tokens !== null && { outputTokenLimit: max_output_tokens }),
    supportedGenerationMethods: ["generateContent", "streamGenerateContent", "countTokens"],
    ...(typeof capabilities.reasoning === "boolean" && { thinking: capabilities.reasoning }),
  };
}
