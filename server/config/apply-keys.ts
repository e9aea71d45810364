import { applyBudgets } from "@/server/config/apply-budgets";
import type { Changes, Transaction } from "@/server/config/changes";
import { ConfigError } from "@/server/config/config-error";
import type { Declared } from "@/server/config/declared";
import type { Config, ConfigVirtualKey } from "@/server/config/parse";
import { runIn } from "@/server/db/run";
import { setBalance } from "@/server/state/balances";

/** Creates and updates the declared groups; returns their ids by name. */
export async function applyGroups(
  tx: Transaction,
  changes: Changes,
  groups: Config["groups"],
  { before, after }: { before: Declared; after: Declared },
): Promise<Map<string, string>> {
  const rows = await tx.group.findMany({ include: { budgets: true, purse: { select: { spentNano: true } } } });
  const stored = new Map(rows.map((row) => [row.name, { ...row, balanceNano: leftOf(row) }]));
  const ids = new Map<string, string>();
  for (const { name, balanceNano, externalId, budgets, ...limits } of groups) {
    const current = stored.get(name);
    const declared = balanceNano?.toString();
    if (declared !== undefined) after.balances[name] = declared;
    // A balance is spent from: it is set anew only when the file says another number than before.
    const moved = !current || declared !== before.balances[name];
    const columns = { ...(externalId !== null && { externalId }), ...limits, enabled: true, managed: true };
    const balance = async (groupId: string): Promise<void> => {
      const note = { groupId, kind: current ? "adjustment" : "credit", reason: "conduit.json", actor: "file" } as const;
      if (moved) await setBalance(runIn(tx), balanceNano, note);
    };
    const wanted = { ...(moved && { balanceNano }), ...columns };
    const id = await changes.reconcile({ noun: "group", name }, current, wanted, {
      create: async () => {
        const row = await tx.group.create({ data: { name, ...columns }, select: { id: true } });
        await balance(row.id);
        return row;
      },
      update: async (where) => {
        await tx.group.update({ where: { id: where }, data: columns });
        await balance(where);
      },
    });
    await applyBudgets(tx, changes, { groupId: id, name, stored: current?.budgets ?? [] }, budgets);
    ids.set(name, id);
  }
  return ids;
}

function leftOf(group: { balanceNano: bigint | null; purse: { spentNano: bigint } | null }): bigint | null {
  return group.balanceNano === null ? null : group.balanceNano - (group.purse?.spentNano ?? 0n);
}

const storedKeys = (tx: Transaction) => tx.virtualKey.findMany({ omit: { hash: false }, include: { budgets: true } });
type StoredKey = Awaited<ReturnType<typeof storedKeys>>[number];

/** Creates and updates the declared virtual keys with their budgets. Throws ConfigError when another stored key has the same value. */
export async function applyVirtualKeys(
  tx: Transaction,
  changes: Changes,
  keys: readonly ConfigVirtualKey[],
  groupIds: ReadonlyMap<string, string>,
): Promise<void> {
  const rows = await storedKeys(tx);
  const targets = await claimHashes(tx, keys, rows);
  for (const [index, { group, budgets, ...fields }] of keys.entries()) {
    const groupId = group === null ? null : groupIds.get(group);
    if (groupId === undefined) throw new Error(`The group "${group}" was not stored.`);
    const lists = { models: [...fields.models], modelLimits: [...fields.modelLimits] };
    const wanted = { ...fields, ...lists, groupId, enabled: true, managed: true };
    const current = targets[index];
    const id = await changes.reconcile({ noun: "virtual-key", name: fields.name }, current, wanted, {
      create: () => tx.virtualKey.create({ data: wanted, select: { id: true } }),
      update: (where) => tx.virtualKey.update({ where: { id: where }, data: wanted }),
    });
    await applyBudgets(tx, changes, { keyId: id, name: fields.name, stored: current?.budgets ?? [] }, budgets);
  }
}

/**
 * The stored key of each declared one: by name, else by value, which is a renaming. A value that passes from one stored
 * key to another is taken from the first beforehand, because no two may have it at any moment.
 */
async function claimHashes(
  tx: Transaction,
  keys: readonly ConfigVirtualKey[],
  rows: readonly StoredKey[],
): Promise<(StoredKey | undefined)[]> {
  const byName = new Map(rows.map((row) => [row.name, row]));
  const byHash = new Map(rows.map((row) => [row.hash, row]));
  const names = new Set(keys.map(({ name }) => name));
  const targets: (StoredKey | undefined)[] = [];
  for (const [index, { name, hash }] of keys.entries()) {
    const holder = byHash.get(hash);
    const renamed = holder && !names.has(holder.name) ? holder : undefined;
    const target = byName.get(name) ?? renamed;
    targets.push(target);
    if (!holder || holder === target) continue;
    if (!holder.managed && !names.has(holder.name)) {
      const message = `is the value of the stored key "${holder.name}"; declare it under that name, or delete that key`;
      throw new ConfigError("conduit.json", [{ path: `virtualKeys[${index}].key`, message }]);
    }
    holder.hash = `passed-on:${holder.id}`;
    await tx.virtualKey.update({ where: { id: holder.id }, data: { hash: holder.hash } });
  }
  return targets;
}
