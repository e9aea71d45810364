import type { Changes, Transaction } from "@/server/config/changes";
import type { ConfigRule } from "@/server/config/parse";
import type { Prisma } from "@/server/db/generated/client";

/** Far before any that the dashboard makes, whose first is at 0. */
const FIRST = -1_000_000;

/** Creates and updates the declared routing rules, in the file's order and before those of the dashboard. */
export async function applyRules(tx: Transaction, changes: Changes, rules: readonly ConfigRule[]): Promise<void> {
  const rows = await tx.routingRule.findMany();
  const stored = new Map(rows.map((row) => [row.name, row]));
  for (const [index, { name, enabled, match, conditions, actions, stop }] of rules.entries()) {
    const said = { match, conditions: plain(conditions), actions: plain(actions), stop };
    const wanted = { ...said, enabled, position: FIRST + index, managed: true };
    await changes.reconcile({ noun: "routing-rule", name }, stored.get(name), wanted, {
      create: () => tx.routingRule.create({ data: { name, ...wanted }, select: { id: true } }),
      update: (id) => tx.routingRule.update({ where: { id }, data: wanted }),
    });
  }
}

/** As JSON holds it: without what is not there. */
function plain(value: ConfigRule["conditions"] | ConfigRule["actions"]): Prisma.InputJsonValue {
  return JSON.parse(JSON.stringify(value));
}
