import type { CallTarget } from "@/server/gateway/call";
import type { Endpoint } from "@/server/gateway/endpoint";
import { look } from "@/server/gateway/look";
import { type ModelView, modelView } from "@/server/gateway/model-view";
import { mayUse, stagesOf } from "@/server/gateway/resolve";
import type { Caller } from "@/server/state/callers";
import { catalog } from "@/server/state/catalog";

/** `GET /v1/models`: the models that the key may use. Source: OpenAI API reference, "List models". */
export const listModels: Endpoint = (inbound) =>
  look(inbound, async (caller) => ({ object: "list", data: await modelsOf(caller) }));

/** Every configured model that the key may use, as callers see it. */
export function modelsOf(caller: Caller): Promise<ModelView[]> {
  const nowMs = Date.now();
  const views: Promise<ModelView>[] = [];
  for (const { name, created, deployments, fallbacks } of catalog().models.values()) {
    if (!mayUse(caller, name) || deployments.length + fallbacks.length === 0) continue;
    const served = servedBy(caller, name);
    if (served.length > 0) views.push(modelView(name, { created, served }, nowMs));
  }
  return Promise.all(views);
}

/** `GET /v1/models/{id}`; an id may contain slashes. One 404 for what is missing and what is forbidden. */
export const getModel: Endpoint = (inbound) =>
  look(inbound, (caller) => {
    const id = inbound.params.id ?? "";
    return modelView(id, { created: catalog().models.get(id)?.created ?? 0, served: servedBy(caller, id) }, Date.now());
  });

/** What serves a model first: its own deployments, or those of the model that it is another name for. Throws `model_not_found`. */
function servedBy(caller: Caller, model: string): readonly CallTarget[] {
  return stagesOf(caller, model).find(({ on }) => on === "any" || on === "error")?.targets ?? [];
}
