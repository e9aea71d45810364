import { GatewayError } from "@/server/errors";
import type { Endpoint } from "@/server/gateway/endpoint";
import { look } from "@/server/gateway/look";
import { mayUse, resolve } from "@/server/gateway/resolve";
import { catalog } from "@/server/state/catalog";

/** `GET /v1/models`: the models that the key may use. Source: OpenAI API reference, "List models". */
export const listModels: Endpoint = (inbound) =>
  look(inbound, (caller) => ({
    object: "list",
    data: [...catalog().models.values()]
      .filter((model) => model.deployments.length > 0 && mayUse(caller, model.name))
      .map((model) => view(model.name, model.created, model.deployments[0]?.provider.name)),
  }));

/** `GET /v1/models/{id}`; an id may contain slashes. One 404 for what is missing and what is forbidden. */
export const getModel: Endpoint = (inbound) =>
  look(inbound, (caller) => {
    const id = inbound.params.id ?? "";
    const [target] = resolve(caller, id);
    if (!target)
      throw new GatewayError("model_not_found", `The model '${id}' does not exist or you do not have access to it.`, {
        param: "model",
      });
    return view(id, catalog().models.get(id)?.created ?? 0, target.provider.name);
  });

function view(id: string, created: number, ownedBy: string | undefined) {
  return { id, object: "model", created, owned_by: ownedBy ?? "conduit" };
}
