import type { JsonObject } from "@/server/dialects/dialect";
import { GatewayError, isGatewayError } from "@/server/errors";
import type { Call, CallTarget } from "@/server/gateway/call";
import { mayUse, modelNotFound, type Stage, stagesOf, targetOf } from "@/server/gateway/resolve";
import { ordered } from "@/server/gateway/strategy";
import { modelFacts } from "@/server/providers/model-facts";
import { providerType } from "@/server/providers/registry";
import type { Caller } from "@/server/state/callers";
import { catalog } from "@/server/state/catalog";
import { isRecord } from "@/server/wire/json";

const MAX_MODELS = 20;
const MAX_ROUTE_WORDS = 50;
const none: readonly string[] = [];
const ROUTER = /^router:([a-z_-]+)(?::(.+))?$/i;

/** Strategies as callers may write them in `router:<strategy>`: also without hyphens, and by names that are in use elsewhere. */
const strategies = new Map([
  ["simple", "priority"],
  ["priority", "priority"],
  ["highestpriority", "priority"],
  ["passthrough", "priority"],
  ["weighted", "weighted"],
  ["random", "random"],
  ["roundrobin", "round-robin"],
  ["leastbusy", "least-busy"],
  ["leastused", "least-busy"],
  ["lowestlatency", "lowest-latency"],
  ["leastlatency", "lowest-latency"],
  ["lowestcost", "lowest-cost"],
  ["leastcost", "lowest-cost"],
  ["sticky", "sticky"],
]);

/** A body that names `models` and no `model`, as if it named the first of them. */
export function withModel(body: unknown): unknown {
  if (!isRecord(body) || body.model !== undefined || !Array.isArray(body.models)) return body;
  const [first]: unknown[] = body.models;
  return typeof first === "string" ? { ...body, model: first } : body;
}

/** The models that a request names, best first. Throws `invalid_request` for a list that is none. */
export function namedModels(model: string, { models }: JsonObject): readonly string[] {
  if (models === undefined || models === null) return [model];
  if (!Array.isArray(models) || models.length > MAX_MODELS || !models.every(isName))
    throw new GatewayError("invalid_request", `'models' must be a list of at most ${MAX_MODELS} names of models.`, {
      param: "models",
    });
  return [...new Set([model, ...models])];
}

function isName(one: unknown): one is string {
  return typeof one === "string" && one !== "";
}

/** A model that a call asks for, as its admin named it, and where it may go for it. */
export type Found = { readonly model: string; readonly stages: readonly Stage[] };

/** The models that a request names and that its key may use, best first. Throws `model_not_found` when there is none. */
export function find(call: Call, caller: Caller, names: readonly string[]): readonly Found[] {
  const [only = ""] = names;
  const found = names.length === 1 ? findOne(call, caller, only) : names.flatMap((name) => findOne(call, caller, name));
  if (found.length === 0) throw modelNotFound(names[0] ?? "");
  return found;
}

function findOne(call: Call, caller: Caller, name: string): readonly Found[] {
  try {
    const found = routed(call, caller, name);
    // The stages of a name are never none.
    return found ? found.filter(({ stages }) => stages.length > 0) : [{ model: name, stages: stagesOf(caller, name) }];
  } catch (error) {
    if (isGatewayError(error) && error.kind === "model_not_found") return [];
    throw error;
  }
}

/** What `router:<strategy>` and `router:<strategy>:<model>` mean; undefined for every other name. */
function routed(call: Call, caller: Caller, name: string): readonly Found[] | undefined {
  const said = catalog().models.has(name) ? undefined : ROUTER.exec(name);
  if (!said) return undefined;
  const strategy = strategies.get((said[1] ?? "").toLowerCase().replace(/[-_]/g, ""));
  if (strategy === undefined)
    throw new GatewayError("invalid_request", `There is no routing strategy '${said[1]}'.`, { param: "model" });
  const [, , model] = said;
  if (model === undefined)
    return everyModel(call, caller, strategy).map((stage) => ({ model: stage.model, stages: [stage] }));
  const stages = stagesOf(caller, model).map((stage) => (stage.on === "any" ? { ...stage, strategy } : stage));
  return [{ model, stages }];
}

/** The models that a name may mean before it is known where they are served: a strategy alone means all that the key may use. */
export function meantBy(caller: Caller, name: string): readonly string[] {
  const { models } = catalog();
  const said = models.has(name) ? undefined : ROUTER.exec(name);
  if (!said) return [name];
  return said[2] === undefined ? [...models.keys()].filter((model) => mayUse(caller, model)) : [said[2]];
}

/** All models that the key may use and that do the operation, in the order in which the strategy comes to them. */
function everyModel(call: Call, caller: Caller, strategy: string): readonly Stage[] {
  const stages = new Map<CallTarget, Stage>();
  for (const { name, settings, deployments } of catalog().models.values()) {
    if (!mayUse(caller, name)) continue;
    const targets = deployments.map(targetOf).filter((target) => serves(target, call.operation));
    const stage: Stage = { model: name, strategy, settings, on: "any", targets };
    for (const target of targets) stages.set(target, stage);
  }
  return [...new Set(ordered(call, strategy, [...stages.keys()]).flatMap((target) => stages.get(target) ?? []))];
}

/** Whether a target is made for an operation: text is what a model does of which nothing is known. */
function serves({ provider, upstreamModel }: CallTarget, operation: Call["operation"]): boolean {
  const type = providerType(provider.type);
  const { kind = "chat" } = modelFacts(upstreamModel);
  if (operation === "chat" || operation === "embeddings" || operation === "rerank" || operation === "moderations")
    return kind === operation && type?.[operation] !== undefined;
  return false;
}

/** The words of `x-conduit-route`: a provider's name, a tag or a region each. Throws `invalid_request` for too many. */
export function routeWords(header: string | string[] | undefined): readonly string[] {
  if (header === undefined) return none;
  const text = Array.isArray(header) ? header.join(",") : header;
  const words = text
    .split(",")
    .map((word) => word.trim())
    .filter((word) => word !== "");
  if (words.length > MAX_ROUTE_WORDS)
    throw new GatewayError("invalid_request", `x-conduit-route takes at most ${MAX_ROUTE_WORDS} words.`, {
      param: "x-conduit-route",
    });
  return words;
}

/** Whether a target is what one of the words says. */
export function isRoute({ provider, deployment }: CallTarget, words: readonly string[]): boolean {
  return words.some(
    (word) =>
      word === provider.name ||
      (deployment !== undefined &&
        (word === deployment.region || word === deployment.id || deployment.tags.includes(word))),
  );
}
