import { budgetLabel } from "@/server/config/apply-budgets";
import type { Changes, Named, Noun, Transaction } from "@/server/config/changes";

/**
 * Deletes what the file declared before and no longer does. Where something that the file does not own depends on it, it
 * is disabled and left to the dashboard instead. Dependants go first, so that they do not hold what is removed with them.
 */
export async function removeUndeclared(tx: Transaction, changes: Changes): Promise<void> {
  await removeRules(tx, changes);
  await removeDeployments(tx, changes);
  await removeModels(tx, changes);
  await removeProviderKeys(tx, changes);
  await removeProviders(tx, changes);
  await removeBudgets(tx, changes);
  await removeVirtualKeys(tx, changes);
  await removeGroups(tx, changes);
}

async function removeRules(tx: Transaction, changes: Changes): Promise<void> {
  const rows = await tx.routingRule.findMany({ where: { managed: true }, select: { id: true, name: true } });
  for (const object of undeclared(changes, "routing-rule", rows)) {
    await tx.routingRule.delete({ where: { id: object.id } });
    changes.note("removed", object);
  }
}

async function removeDeployments(tx: Transaction, changes: Changes): Promise<void> {
  const select = {
    id: true,
    upstreamModel: true,
    model: { select: { name: true } },
    provider: { select: { name: true } },
  };
  const rows = await tx.deployment.findMany({ where: { managed: true }, select });
  const named = rows.map(({ id, upstreamModel, model, provider }) => ({
    id,
    name: `${model.name} on ${provider.name}/${upstreamModel}`,
  }));
  for (const object of undeclared(changes, "deployment", named)) {
    await tx.deployment.delete({ where: { id: object.id } });
    changes.note("removed", object);
  }
}

async function removeModels(tx: Transaction, changes: Changes): Promise<void> {
  const rows = await tx.model.findMany({ where: { managed: true }, select: { id: true, name: true } });
  const gone = undeclared(changes, "model", rows);
  for (const object of gone) {
    const served = await tx.deployment.count({ where: { modelId: object.id } });
    const lists = ["fallbacks", "fallbacksOnContext", "fallbacksOnPolicy"];
    const named = lists.map((list) => ({ [list]: { has: object.name } }));
    const users = await tx.model.count({ where: { OR: named, managed: false } });
    if (served + users > 0)
      await tx.model.update({ where: { id: object.id }, data: { enabled: false, managed: false } });
    else await tx.model.delete({ where: { id: object.id } });
    settle(changes, object, served + users > 0);
  }
}

async function removeProviderKeys(tx: Transaction, changes: Changes): Promise<void> {
  const rows = await tx.providerKey.findMany({
    where: { managed: true },
    select: { id: true, name: true, provider: { select: { name: true } } },
  });
  const named = rows.map(({ id, name, provider }) => ({ id, name: `${provider.name}/${name}` }));
  for (const object of undeclared(changes, "provider-key", named)) {
    await tx.providerKey.delete({ where: { id: object.id } });
    changes.note("removed", object);
  }
}

async function removeProviders(tx: Transaction, changes: Changes): Promise<void> {
  const rows = await tx.provider.findMany({ where: { managed: true }, select: { id: true, name: true } });
  for (const object of undeclared(changes, "provider", rows)) {
    const where = { providerId: object.id };
    const held = (await tx.deployment.count({ where })) + (await tx.providerKey.count({ where })) > 0;
    if (held) await tx.provider.update({ where: { id: object.id }, data: { enabled: false, managed: false } });
    else await tx.provider.delete({ where: { id: object.id } });
    settle(changes, object, held);
  }
}

async function removeBudgets(tx: Transaction, changes: Changes): Promise<void> {
  const rows = await tx.budget.findMany({
    where: { managed: true },
    include: { key: { select: { name: true } }, group: { select: { name: true } } },
  });
  const named = rows.map((row) => ({ id: row.id, name: `${(row.key ?? row.group)?.name}/${budgetLabel(row)}` }));
  for (const object of undeclared(changes, "budget", named)) {
    await tx.budget.delete({ where: { id: object.id } });
    changes.note("removed", object);
  }
}

async function removeVirtualKeys(tx: Transaction, changes: Changes): Promise<void> {
  const rows = await tx.virtualKey.findMany({ where: { managed: true }, select: { id: true, name: true } });
  for (const object of undeclared(changes, "virtual-key", rows)) {
    const held = (await tx.budget.count({ where: { keyId: object.id } })) > 0;
    if (held) await tx.virtualKey.update({ where: { id: object.id }, data: { enabled: false, managed: false } });
    else await tx.virtualKey.delete({ where: { id: object.id } });
    settle(changes, object, held);
  }
}

async function removeGroups(tx: Transaction, changes: Changes): Promise<void> {
  const rows = await tx.group.findMany({ where: { managed: true }, select: { id: true, name: true } });
  for (const object of undeclared(changes, "group", rows)) {
    const where = { groupId: object.id };
    const held = (await tx.virtualKey.count({ where })) + (await tx.budget.count({ where })) > 0;
    if (held) await tx.group.update({ where: { id: object.id }, data: { enabled: false, managed: false } });
    else await tx.group.delete({ where: { id: object.id } });
    settle(changes, object, held);
  }
}

function undeclared(changes: Changes, noun: Noun, rows: readonly { id: string; name: string }[]): Named[] {
  return rows.filter(({ id }) => !changes.declares(noun, id)).map(({ id, name }) => ({ noun, id, name }));
}

function settle(changes: Changes, object: Named, held: boolean): void {
  if (held)
    changes.note("released", object, { enabled: { from: true, to: false }, managed: { from: true, to: false } });
  else changes.note("removed", object);
}
