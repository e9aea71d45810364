import { z } from "zod";
import { change, difference, given, snapshot, type Transaction } from "@/server/api/change";
import { badInput, notFound, refuseManaged } from "@/server/api/errors";
import { ById, Deleted } from "@/server/api/fields.schema";
import { allKeys, findKey, keyFacts, plainBudget } from "@/server/api/key-view";
import { IssuedKey, KeyChange, KeyView, NewKey } from "@/server/api/keys.schema";
import { adminProcedure, rest, router } from "@/server/api/trpc";
import { nanoFromUsdText } from "@/server/money";
import { describeVirtualKey, newVirtualKey } from "@/server/secret";
import { type ModelLimits, readLimits } from "@/server/state/limits-kinds";

/** Virtual keys: what callers authenticate with. */
export const keys = router({
  list: adminProcedure
    .meta(rest("GET", "/virtual-keys", "List the virtual keys."))
    .output(z.array(KeyView))
    .query(() => snapshot(allKeys)),

  get: adminProcedure
    .meta(rest("GET", "/virtual-keys/{id}", "Read a virtual key."))
    .input(ById)
    .output(KeyView)
    .query(({ input }) => snapshot((tx) => findKey(tx, input.id))),

  create: adminProcedure
    .meta(rest("POST", "/virtual-keys", "Issue a virtual key; its text is in this answer only."))
    .input(NewKey)
    .output(IssuedKey)
    .mutation(({ ctx, input: { budgets, limits, modelLimits, ...fields } }) =>
      change(ctx, async (tx, note) => {
        if (fields.expiresAt && fields.expiresAt <= new Date()) throw badInput("This moment has passed.", "expiresAt");
        await checkGroup(tx, fields.groupId);
        const key = newVirtualKey();
        const ruled = { ...limits, modelLimits: modelLimits.map(storedLimits) };
        const data = { ...given({ ...fields, ...ruled }), ...describeVirtualKey(key), name: fields.name };
        const { id } = await tx.virtualKey.create({ data, select: { id: true } });
        await setBudgets(tx, id, budgets);
        const view = await findKey(tx, id);
        await note({ action: "create", noun: "virtual-key", object: view, detail: difference({}, keyFacts(view)) });
        return { id, key };
      }),
    ),

  update: adminProcedure
    .meta(rest("PATCH", "/virtual-keys/{id}", "Change a virtual key."))
    .input(KeyChange)
    .output(KeyView)
    .mutation(({ ctx, input: { id, budgets, limits, modelLimits, ...fields } }) =>
      change(ctx, async (tx, note) => {
        const before = await findKey(tx, id);
        refuseManaged("key", before);
        await checkGroup(tx, fields.groupId);
        const data = given({ ...fields, ...limits, modelLimits: modelLimits?.map(storedLimits) });
        await tx.virtualKey.update({ where: { id }, data, select: { id: true } });
        if (budgets) await setBudgets(tx, id, budgets);
        const after = await findKey(tx, id);
        await note({
          action: "update",
          noun: "virtual-key",
          object: after,
          detail: difference(keyFacts(before), keyFacts(after)),
        });
        return after;
      }),
    ),

  rotate: adminProcedure
    .meta(
      rest(
        "POST",
        "/virtual-keys/{id}/rotate",
        "Replace a virtual key's text at once; the new one is in this answer only.",
      ),
    )
    .input(ById)
    .output(IssuedKey)
    .mutation(({ ctx, input: { id } }) =>
      change(ctx, async (tx, note) => {
        const before = await findKey(tx, id);
        refuseManaged("key", before);
        const key = newVirtualKey();
        await tx.virtualKey.update({ where: { id }, data: describeVirtualKey(key), select: { id: true } });
        const { last4 } = describeVirtualKey(key);
        await note({
          action: "rotate",
          noun: "virtual-key",
          object: before,
          detail: difference({ last4: before.last4 }, { last4 }),
        });
        return { id, key };
      }),
    ),

  delete: adminProcedure
    .meta(rest("DELETE", "/virtual-keys/{id}", "Delete a virtual key at once; its calls stay in the ledger."))
    .input(ById)
    .output(Deleted)
    .mutation(({ ctx, input: { id } }) =>
      change(ctx, async (tx, note) => {
        const before = await findKey(tx, id);
        refuseManaged("key", before);
        await tx.virtualKey.delete({ where: { id }, select: { id: true } });
        await note({ action: "delete", noun: "virtual-key", object: before, detail: difference({}, keyFacts(before)) });
        return { id, deleted: true as const };
      }),
    ),
});

function storedLimits({ model, ...limits }: z.infer<typeof NewKey>["modelLimits"][number]): ModelLimits {
  return { model, ...readLimits(limits) };
}

async function checkGroup(tx: Transaction, id: string | null | undefined): Promise<void> {
  if (!id) return;
  const group = await tx.group.findUnique({ where: { id }, select: { id: true } });
  if (!group) throw notFound("group", "groupId");
}

/** Makes a key's budgets these; one whose period stays keeps its id. */
async function setBudgets(tx: Transaction, keyId: string, budgets: z.infer<typeof NewKey>["budgets"]): Promise<void> {
  const periods = budgets.map(({ period }) => period);
  await tx.budget.deleteMany({ where: { AND: [plainBudget, { keyId, period: { notIn: periods } }] } });
  for (const { period, limitUsd } of budgets) {
    const limitNano = nanoFromUsdText(limitUsd);
    const same = { AND: [plainBudget, { keyId, period }] };
    const { count } = await tx.budget.updateMany({ where: same, data: { limitNano } });
    if (count === 0) await tx.budget.create({ data: { keyId, period, limitNano }, select: { id: true } });
  }
}
