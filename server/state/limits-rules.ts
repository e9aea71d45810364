import type { Caller } from "@/server/state/callers";
import { globalLimits } from "@/server/state/limits-global";
import { type LimitKind, type Limits, limitKinds } from "@/server/state/limits-kinds";
import { coversModel } from "@/server/state/model-pattern";

export type LimitScope = "global" | "group" | "key" | "model";

/** One limit that a call comes under. */
export type LimitRule = {
  /** Of its counter: the same for every call that is counted together. */
  readonly id: string;
  readonly scope: LimitScope;
  /** Of the key or group, or the pattern of models; empty for the whole gateway. */
  readonly name: string;
  readonly kind: LimitKind;
  readonly limit: number;
  readonly counts: "requests" | "tokens" | "calls";
  /** 0 for calls at the same time. */
  readonly windowMs: number;
};

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const kinds = {
  rpm: { counts: "requests", windowMs: MINUTE_MS },
  rph: { counts: "requests", windowMs: HOUR_MS },
  rpd: { counts: "requests", windowMs: DAY_MS },
  tpm: { counts: "tokens", windowMs: MINUTE_MS },
  tpd: { counts: "tokens", windowMs: DAY_MS },
  concurrent: { counts: "calls", windowMs: 0 },
} as const satisfies Record<LimitKind, Pick<LimitRule, "counts" | "windowMs">>;

/** Limits of a key for the models that a pattern covers: one object as long as its caller lives. */
export type ModelRules = { readonly pattern: string; readonly rules: readonly LimitRule[] };

type Compiled = { readonly always: readonly LimitRule[]; readonly byModel: readonly ModelRules[] };

/** Callers and limits are replaced, never changed, so what is worked out for one holds as long as it lives. */
const ofCaller = new WeakMap<Caller, Compiled>();
const ofGateway = new WeakMap<Limits, readonly LimitRule[]>();

/** Every limit that a caller's call of a model comes under: the gateway's, the group's, the key's and its models'. */
export function rulesFor(caller: Caller, model: string): readonly LimitRule[] {
  const own = compiled(caller);
  const rules = common(own);
  if (own.byModel.length === 0) return rules;
  return [...rules, ...rulesOfModel(caller, model).flatMap((entry) => entry.rules)];
}

/** Every limit that a caller's calls come under whatever their model: the gateway's, the group's and the key's. */
export function commonRules(caller: Caller): readonly LimitRule[] {
  return common(compiled(caller));
}

/** The limits that a caller's key has for a model, by their patterns. */
export function rulesOfModel(caller: Caller, model: string): readonly ModelRules[] {
  return compiled(caller).byModel.filter(({ pattern }) => coversModel(pattern, model));
}

function common({ always }: Compiled): readonly LimitRule[] {
  const everywhere = gatewayRules(globalLimits());
  return everywhere.length === 0 ? always : [...everywhere, ...always];
}

function compiled(caller: Caller): Compiled {
  let known = ofCaller.get(caller);
  if (!known) {
    const { keyId, keyName, groupId, groupName } = caller;
    const ofKey = limitRules(caller.limits, { scope: "key", name: keyName, id: `key:${keyId}` });
    const ofGroup =
      groupId === null
        ? []
        : limitRules(caller.groupLimits, { scope: "group", name: groupName ?? "", id: `group:${groupId}` });
    const byModel = caller.modelLimits.map((entry) => ({
      pattern: entry.model,
      rules: limitRules(entry, { scope: "model", name: entry.model, id: `key:${keyId}:model:${entry.model}` }),
    }));
    known = { always: [...ofGroup, ...ofKey], byModel };
    ofCaller.set(caller, known);
  }
  return known;
}

function gatewayRules(limits: Limits): readonly LimitRule[] {
  let known = ofGateway.get(limits);
  if (!known) {
    known = limitRules(limits, { scope: "global", name: "", id: "global" });
    ofGateway.set(limits, known);
  }
  return known;
}

export function limitRules(limits: Limits, owner: Pick<LimitRule, "scope" | "name" | "id">): LimitRule[] {
  return limitKinds.flatMap((kind): LimitRule[] => {
    const limit = limits[kind];
    return limit === null ? [] : [{ ...owner, ...kinds[kind], id: `${owner.id}:${kind}`, kind, limit }];
  });
}
