import type { JsonObject } from "@/server/dialects/dialect";
import { GatewayError } from "@/server/errors";
import type { Call, CallTarget } from "@/server/gateway/call";
import { contentOf, promptTokens } from "@/server/gateway/eligible";
import type { Caller } from "@/server/state/callers";
import { catalog } from "@/server/state/catalog";
import type { Rule, RuleFacts } from "@/server/state/rules";
import { isRecord } from "@/server/wire/json";
import type { RuleTargets } from "@/server/wire/routing-rule";

/** What the rules decided about a call. */
export type Ruling = {
  /** The model to ask for; undefined = as the caller said. */
  readonly model: string | undefined;
  /** Which targets each rule leaves, in their order. */
  readonly filters: readonly { readonly rule: string; readonly keeps: (target: CallTarget) => boolean }[];
  /** Fields to set in the request, null to take one out; undefined = none. */
  readonly parameters: JsonObject | undefined;
  /** Names of the rules that held. */
  readonly held: readonly string[];
};

const nothing: Ruling = { model: undefined, filters: [], parameters: undefined, held: [] };

/** A request as rules see it. */
export type Seen = {
  readonly bytes: Buffer;
  readonly body: JsonObject;
  /** What the caller's tightest budget has left, where a rule asks. */
  readonly budgetUsd?: number | undefined;
};

/** Whether a rule in force asks what is left of budgets. */
export function asksBudget(): boolean {
  return catalog().rules.some((rule) => rule.asksBudget);
}

/** Asks the rules in their order; each that holds acts, and later ones see the model that it put in. Throws `forbidden`. */
export function rule(call: Call, caller: Caller, seen: Seen): Ruling {
  const { rules } = catalog();
  if (rules.length === 0) return nothing;
  const facts = factsOf(call, caller, seen);
  const ruling = { ...nothing, filters: [...nothing.filters], held: [...nothing.held] };
  for (const one of rules) {
    if (!one.holds(facts)) continue;
    ruling.held.push(one.name);
    for (const action of one.actions) {
      if (action.action === "refuse") throw refusal(one, action.message);
      if (action.action === "rewrite") facts.model = ruling.model = action.model;
      else if (action.action === "set") ruling.parameters = { ...ruling.parameters, ...action.parameters };
      else {
        const chosen = action.action === "choose";
        ruling.filters.push({ rule: one.name, keeps: (target) => isAmong(target, action) === chosen });
      }
    }
    if (one.stop) break;
  }
  return ruling;
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

function factsOf(call: Call, caller: Caller, { bytes, body, budgetUsd }: Seen): Mutable<RuleFacts> {
  const { keyId, keyName, groupId, groupName, tags } = caller;
  let content: readonly string[] | undefined;
  let tokens: number | undefined;
  return {
    model: call.model ?? "",
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
      tokens ??= promptTokens(bytes);
      return tokens;
    },
    budgetUsd,
    nowMs: call.startedAtMs,
  };
}

function textOf(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return Array.isArray(value) ? value.map(String).join(", ") : undefined;
}
