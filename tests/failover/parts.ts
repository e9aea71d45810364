import { randomUUID } from "node:crypto";
import { Cancel } from "@/server/cancel";
import { chat } from "@/server/dialects/chat";
import type { JsonObject } from "@/server/dialects/dialect";
import { begin, type Call, type CallTarget } from "@/server/gateway/call";
import type { Inbound } from "@/server/gateway/endpoint";
import type { Stage } from "@/server/gateway/resolve";
import { Rates } from "@/server/money";
import { type CatalogDeployment, type CatalogKey, type CatalogProvider, usualSettings } from "@/server/state/catalog";

/** A request that asks for nothing. */
export const inbound: Inbound = {
  method: "POST",
  path: "/v1/chat/completions",
  query: "",
  headers: {},
  ip: "127.0.0.1",
  params: {},
  cancel: new Cancel(),
  body: async () => Buffer.alloc(0),
};

/** A call of that conversation, for which nothing was done yet. */
export function callOf(conversation = "one"): Call {
  return callAbout({ prompt: conversation });
}

/** A call with that body. */
export function callAbout(body: JsonObject, askedTokens?: number): Call {
  const call = begin(inbound, "chat", chat);
  const bytes = Buffer.from(JSON.stringify(body));
  return Object.assign(call, { requestBytes: bytes.length, asked: { bytes, body, askedTokens } });
}

type Settings = { weight?: number; priority?: number; inputNano?: number; rates?: Rates; keys?: CatalogKey[] };

/** A deployment of its own at a provider of its own, which no call can reach. */
export function targetOf(
  name: string,
  { weight = 1, priority = 0, inputNano, keys = [], ...own }: Settings = {},
): CallTarget {
  const provider: CatalogProvider = {
    id: `provider-of-${name}`,
    name,
    type: "openai-compatible",
    baseUrl: "http://127.0.0.1:9",
    allowPrivateNetwork: false,
    headers: {},
    options: {},
    probeSeconds: null,
    limits: { rpm: null, tpm: null, concurrent: null },
    keys,
  };
  const rates = inputNano === undefined ? own.rates : Rates.parse({ input: inputNano, output: 4 * inputNano });
  const deployment: CatalogDeployment = {
    id: `${name}-${randomUUID()}`,
    model: "model",
    upstreamModel: name,
    priority,
    weight,
    tags: [],
    region: null,
    limits: { rpm: null, tpm: null, concurrent: null },
    contextWindow: null,
    provider,
    prices: rates ? [{ id: name, effectiveFromMs: 0, rates }] : [],
  };
  return { provider, upstreamModel: name, deployment, key: undefined };
}

/** The only stage of a call. */
export function stageOf(strategy: string, targets: readonly CallTarget[]): Stage {
  return { model: "model", strategy, settings: usualSettings, on: "any", targets };
}
