import { env } from "@/server/env";
import { GatewayError } from "@/server/errors";
import { parseJson } from "@/server/gateway/dispatch";
import type { Inbound } from "@/server/gateway/endpoint";
import { upstreamError } from "@/server/gateway/upstream-error";
import { authorize } from "@/server/outbound/authorize";
import { readAll, send } from "@/server/outbound/client";
import { providerType } from "@/server/providers/registry";
import { type CatalogProvider, catalog } from "@/server/state/catalog";
import type { StoredResponse } from "@/server/state/stored-responses";

const MAX_BYTES = 256 * 1024 * 1024;

/** What is asked of a response that its vendor keeps. */
type Question = {
  readonly method: "GET" | "POST" | "DELETE";
  /** What follows the response's id in the path, with its slash. */
  readonly below?: string;
};

/**
 * Asks the vendor that keeps a response; resolves with its JSON. Throws `not_found` when the provider is gone, and the vendor's
 * refusals as those of any call.
 */
export async function askKeeper(stored: StoredResponse, inbound: Inbound, question: Question): Promise<unknown> {
  const provider = providerOf(stored);
  const type = provider && providerType(provider.type);
  const native = type?.native?.responses;
  const baseUrl = provider?.baseUrl ?? type?.baseUrl;
  if (!provider || !type || !native || !baseUrl)
    throw new GatewayError("not_found", `Response with id '${stored.id}' not found.`, { param: "response_id" });
  const target = {
    baseUrl: baseUrl.replace(/\/+$/, ""),
    model: upstreamModel(stored, provider) ?? stored.model,
    headers: provider.headers,
    options: provider.options,
  };
  const url = below(native.url(target, { stream: false }), {
    path: `/${encodeURIComponent(stored.id)}${question.below ?? ""}`,
    query: inbound.query,
  });
  const headers = { ...target.headers, ...native.headers?.(target, inbound.headers) };
  const request = await authorize(
    { method: question.method, url, headers },
    type.auth,
    provider.keys[0]?.credential,
    provider,
  );
  const response = await send(request, {
    firstByteMs: env.firstByteMs,
    idleMs: env.idleMs,
    cancel: inbound.cancel,
    allowPrivateNetwork: provider.allowPrivateNetwork,
  });
  const body = parseJson(await readAll(response, MAX_BYTES));
  if (response.status >= 200 && response.status < 300) return body;
  if (response.status >= 300 && response.status < 400)
    throw new GatewayError("upstream_unavailable", "The provider answered with a redirect, which is not followed.");
  throw upstreamError(type.classify(response.status, body), response.status, response.headers);
}

function providerOf({ providerId }: StoredResponse): CatalogProvider | undefined {
  if (providerId === null) return undefined;
  return [...catalog().providers.values()].find(({ id }) => id === providerId);
}

function upstreamModel({ deploymentId }: StoredResponse, provider: CatalogProvider): string | undefined {
  for (const { deployments } of catalog().models.values()) {
    const found = deployments.find(({ id }) => id === deploymentId);
    if (found && found.provider.id === provider.id) return found.upstreamModel;
  }
  return undefined;
}

/** A path and query below a URL, which may have a query itself. */
function below(address: string, { path, query }: { path: string; query: string }): string {
  const [plain = "", own = ""] = address.split("?", 2);
  const both = [own, query].filter((one) => one !== "").join("&");
  return plain + path + (both === "" ? "" : `?${both}`);
}
