import type { Endpoint } from "@/server/gateway/endpoint";
import { look } from "@/server/gateway/look";
import { usdText } from "@/server/money";
import { spentBy } from "@/server/state/spending";

/** `GET /v1/key`: what the calling key may do and has spent. Amounts are in US dollars, times ISO 8601. */
export const getKey: Endpoint = (inbound) =>
  look(inbound, async (caller) => ({
    object: "key",
    name: caller.keyName,
    group:
      caller.groupName === null
        ? null
        : {
            name: caller.groupName,
            balance_usd: caller.groupBalanceNano === null ? null : usd(caller.groupBalanceNano),
          },
    models: caller.models,
    expires_at: caller.expiresAtMs === null ? null : new Date(caller.expiresAtMs).toISOString(),
    limits: caller.limits,
    tags: caller.tags,
    budgets: await Promise.all(
      caller.budgets.map(async (budget) => {
        const { spentNano, resetsAt } = await spentBy(caller, budget.owner, budget.period);
        return {
          owner: budget.owner,
          period: budget.period,
          limit_usd: usd(budget.limitNano),
          spent_usd: usd(spentNano),
          reserved_usd: 0,
          resets_at: resetsAt?.toISOString() ?? null,
        };
      }),
    ),
  }));

function usd(nano: bigint): number {
  return Number(usdText(nano));
}
