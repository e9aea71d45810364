import type { Endpoint } from "@/server/gateway/endpoint";
import { look } from "@/server/gateway/look";
import { usdText } from "@/server/money";
import type { Caller } from "@/server/state/callers";
import { groupSpending, standingsOf } from "@/server/state/spending";

/** `GET /v1/key`: what the calling key may do and has spent. Amounts are in US dollars, times ISO 8601. */
export const getKey: Endpoint = (inbound) =>
  look(inbound, async (caller) => ({
    object: "key",
    name: caller.keyName,
    group: await groupOf(caller),
    models: caller.models,
    expires_at: caller.expiresAtMs === null ? null : new Date(caller.expiresAtMs).toISOString(),
    limits: caller.limits,
    model_limits: caller.modelLimits,
    cache: caller.cache,
    strict: caller.strict,
    tags: caller.tags,
    budgets: await budgetsOf(caller),
  }));

async function groupOf({ groupId, groupName, groupBalanceNano, groupLimits: limits }: Caller) {
  if (groupId === null || groupName === null) return null;
  if (groupBalanceNano === null) return { name: groupName, limits, balance_usd: null };
  const { spentNano, reservedNano } = await groupSpending(groupId);
  return { name: groupName, limits, balance_usd: usd(groupBalanceNano - spentNano), reserved_usd: usd(reservedNano) };
}

/** `reserved_usd` is held for calls under way, or kept ready for calls to come by the processes that answer them. */
async function budgetsOf(caller: Caller) {
  const standings = await standingsOf(caller.budgets, Date.now());
  return caller.budgets.flatMap((budget) => {
    const standing = standings.get(budget.id);
    // It was deleted a moment ago.
    if (!standing) return [];
    const { window, limitNano, spentNano, reservedNano } = standing;
    return [
      {
        owner: budget.owner,
        name: budget.name,
        period: budget.period,
        hours: budget.hours,
        time_zone: budget.timeZone,
        models: budget.models,
        soft: budget.soft,
        limit_usd: usd(limitNano),
        spent_usd: usd(spentNano),
        reserved_usd: usd(reservedNano),
        resets_at: window.endsMs === null ? null : new Date(window.endsMs).toISOString(),
      },
    ];
  });
}

function usd(nano: bigint): number {
  return Number(usdText(nano));
}
