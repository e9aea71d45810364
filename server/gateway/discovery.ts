import { GatewayError } from "@/server/errors";
import type { Endpoint } from "@/server/gateway/endpoint";
import { look } from "@/server/gateway/look";
import { modelsOf } from "@/server/gateway/models";
import { type Capability, capabilityNames, isCapability, meaningOf } from "@/server/wire/capabilities";

/**
 * `GET /v1/discovery/models?capability=`: the key's models that are known to have every capability named, once each or with
 * commas. Throws `invalid_request` for a word that is no capability.
 */
export const discoverModels: Endpoint = (inbound) =>
  look(inbound, async (caller) => {
    const wanted = wantedIn(inbound.query);
    const models = await modelsOf(caller);
    return {
      object: "list",
      data: models.filter(({ conduit }) => wanted.every((capability) => conduit.capabilities[capability] === true)),
    };
  });

/** `GET /v1/discovery/capabilities`: every capability, what it means, and how many of the key's models have it. */
export const discoverCapabilities: Endpoint = (inbound) =>
  look(inbound, async (caller) => {
    const models = await modelsOf(caller);
    return {
      object: "list",
      data: capabilityNames.map((id) => ({
        id,
        object: "capability",
        description: meaningOf(id),
        models: models.filter(({ conduit }) => conduit.capabilities[id] === true).length,
      })),
    };
  });

function wantedIn(query: string): Capability[] {
  const words = new URLSearchParams(query)
    .getAll("capability")
    .flatMap((value) => value.split(","))
    .map((word) => word.trim())
    .filter((word) => word !== "");
  return words.map((word) => {
    if (isCapability(word)) return word;
    throw new GatewayError(
      "invalid_request",
      `'${word.slice(0, 100)}' is not a capability. Known are: ${capabilityNames.join(", ")}.`,
      { param: "capability" },
    );
  });
}
