import type { JsonObject } from "@/server/dialects/dialect";
import { GatewayError } from "@/server/errors";
import type { Call, CallTarget } from "@/server/gateway/call";
import { contentOf, promptTokens } from "@/server/gateway/eligible";
import type { Found } from "@/server/gateway/narrow";
import type { Stage } from "@/server/gateway/resolve";
import type { Caller } from "@/server/state/callers";
import { catalog } from "@/server/state/catalog";
import type { Rule, RuleFacts } from "@/server/state/rules";
import { isRecord } from "@/server/wire/json";
import type { RuleTargets } from "@/server/wire/routing-rule";

/** What the rules decided about a model that a call asks for. */
export type Ruling = {
  /** The model to ask for; undefined = as the caller said. */
  readonly model: string | undefined;
  /** Which targets each rule leaves, in their order. */
  readonly filters: readonly { readonly rule: string; readonly keeps: (target: CallTarget) => boolean }[];
  /** Fields to set in the request, null to take one out; undefined = none. */
  readonly parameters: JsonObject | undefined;
  /** `forbidden`, where a rule refuses. */
  readonly refusal: GatewayError | undefined;
  /** Names of the rules that held. */
  readonly held: readonly string[];
};

const nothing: Ruling = { model: undefined, filters: [], parameters: undefined, refusal: undefined, held: [] };

/** A request as rules see it. */
export type Seen = {
  readonly caller: Caller;
  readonly bytes: Buffer;
  readonly body: JsonObject;
  /** What the caller's tightest budget has left, by the models that are asked for, where a rule asks. */
  readonly budgetsUsd?: ReadonlyMap<string, number | undefined> | undefined;
};

/** Whether a rule in force asks what is left of budgets. */
export function asksBudget(): boolean {
  return catalog().rules.some((rule) => rule.asksBudget);
}

/** Asks the rules of one call, once for each model that it names: a model that is asked only when others fail is ruled as well. */
export class Rules {
  readonly #rules = catalog().rules;
  readonly #call: Call;
  readonly #seen: Seen;
  #facts: Facts | undefined;

  constructor(call: Call, seen: Seen) {
    this.#call = call;
    this.#seen = seen;
  }

  /** Asks them in their order about a model; each that holds acts, and later ones see the model that it put in. */
  about({ model, stages }: Found): Ruling {
    if (this.#rules.length === 0) return nothing;
    this.#facts ??= factsOf(this.#call, this.#seen);
    const facts = this.#facts;
    facts.models = namesOf(model, stages);
    facts.budgetUsd = this.#seen.budgetsUsd?.get(model);
    const ruling: Mutable<Ruling> & { filters: Ruling["filters"][number][]; held: string[] } = {
      ...nothing,
      filters: [],
      held: [],
    };
    for (const one of this.#rules) {
      if (!one.holds(facts)) continue;
      ruling.held.push(one.name);
      for (const action of one.actions) {
        if (action.action === "refuse") {
          ruling.refusal = refusal(one, action.message);
          return ruling;
        }
        if (action.action === "rewrite") {
          ruling.model = action.model;
          facts.models = [action.model];
        } else if (action.action === "set") ruling.parameters = { ...ruling.parameters, ...action.parameters };
        else {
          const chosen = action.action === "choose";
          ruling.filters.push({ rule: one.name, keeps: (target) => isAmong(target, action) === chosen });
        }
      }
      if (one.stop) break;
    }
    return ruling;
  }
}

/** The name that was asked for, and its admin's, which a caller may go past as `provider/model`. */
function namesOf(model: string, stages: readonly Stage[]): readonly string[] {
  const named = stages[0]?.targets[0]?.deployment?.model;
  return named === undefined || named === model || !model.includes("/") ? [model] : [model, named];
}

function refusal({ name }: Rule, message: string): GatewayError {
  return new GatewayError("forbidden", message, { code: "refused_by_rule", param: name });
}

/** Whether a target is of those that an action names. */
function isAmong(
  { provider, upstreamModel, deployment }: CallTarget,
  { providers, tags, regions, deployments }: RuleTargets,
): boolean {
  return (
    providers?.includes(provider.name) ||
    deployment?.tags.some((tag) => tags?.includes(tag)) ||
    (typeof deployment?.region === "string" && regions?.includes(deployment.region)) ||
    deployments?.includes(deployment?.id ?? "") ||
    deployments?.includes(`${provider.name}/${upstreamModel}`) ||
    false
  );
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type Facts = Mutable<RuleFacts>;

function factsOf(call: Call, { caller, bytes, body }: Seen): Facts {
  const { keyId, keyName, groupId, groupName, tags } = caller;
  let content: readonly string[] | undefined;
  return {
    models: [],
    key: [keyName, keyId],
    group: groupId === null ? [] : [groupName ?? "", groupId],
    tags,
    header: (name) => textOf(call.inbound.headers[name]),
    metadata: (name) => (isRecord(body.metadata) ? textOf(body.metadata[name]) : undefined),
    content: () => {
      content ??= [...contentOf(body)];
      return content;
    },
    tokens: () => {
      call.requestTokens ||= promptTokens(bytes);
      return call.requestTokens;
    },
    budgetUsd: undefined,
    nowMs: call.startedAtMs,
  };
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return Array.isArray(value) ? value.map(String).join(", ") : undefined;
}
