import type { Caller } from "@/server/state/callers";
import { type Limits, readLimits } from "@/server/state/limits-kinds";

type Given = {
  readonly key?: string;
  readonly group?: string;
  readonly limits?: Partial<Limits>;
  readonly groupLimits?: Partial<Limits>;
  readonly modelLimits?: readonly (Partial<Limits> & { readonly model: string })[];
};

/** A caller with these limits and nothing else that matters. */
export function callerWith({ key = "k", group, limits, groupLimits, modelLimits = [] }: Given): Caller {
  return {
    keyId: key,
    keyName: key,
    groupId: group ?? null,
    groupName: group ?? null,
    groupEnabled: true,
    enabled: true,
    expiresAtMs: null,
    models: ["*"],
    limits: readLimits(limits),
    modelLimits: modelLimits.map(({ model, ...some }) => ({ model, ...readLimits(some) })),
    groupLimits: readLimits(groupLimits),
    budgets: [],
    groupBalanceNano: null,
    tags: [],
    cache: false,
    strict: false,
  };
}
