import { z } from "zod";
import { change, difference, given, type Transaction } from "@/server/api/change";
import { badInput, notFound, refuseManaged } from "@/server/api/errors";
import { ById, Deleted } from "@/server/api/fields.schema";
import { NewRule, RuleChange, RuleOrder, RuleView } from "@/server/api/routing.schema";
import { adminProcedure, rest } from "@/server/api/trpc";
import type { Prisma } from "@/server/db/generated/client";
import { prisma } from "@/server/db/prisma";
import type { RuleAction } from "@/server/wire/routing-rule";
import { ruleShape } from "@/server/wire/routing-rule";

/** Reads the rules, in the order in which they are asked. */
export const listRules = adminProcedure
  .meta(rest("GET", "/routing/rules", "List the routing rules in their order."))
  .output(z.array(RuleView))
  .query(() => allRules(prisma()));

/** Adds a rule after those that are there. */
export const createRule = adminProcedure
  .meta(rest("POST", "/routing/rules", "Add a routing rule after the others."))
  .input(NewRule)
  .output(RuleView)
  .mutation(({ ctx, input: { name, enabled, match, stop, conditions, actions } }) =>
    change(ctx, async (tx, note) => {
      await checkActions(tx, actions);
      const last = await tx.routingRule.aggregate({ where: { managed: false }, _max: { position: true } });
      const said = { conditions: plain(conditions), actions: plain(actions) };
      const position = (last._max.position ?? -1) + 1;
      const data = { name, enabled, match, stop, ...said, position };
      const { id } = await tx.routingRule.create({ data, select: { id: true } });
      const view = await findRule(tx, id);
      await note({ action: "create", noun: "routing-rule", object: view, detail: difference({}, facts(view)) });
      return view;
    }),
  );

/** Changes a rule of the dashboard's. */
export const updateRule = adminProcedure
  .meta(rest("PATCH", "/routing/rules/{id}", "Change a routing rule."))
  .input(RuleChange)
  .output(RuleView)
  .mutation(({ ctx, input: { id, conditions, actions, ...fields } }) =>
    change(ctx, async (tx, note) => {
      const before = await findRule(tx, id);
      refuseManaged("routing rule", before);
      if (actions) await checkActions(tx, actions);
      const said = {
        ...(conditions && { conditions: plain(conditions) }),
        ...(actions && { actions: plain(actions) }),
      };
      await tx.routingRule.update({ where: { id }, data: { ...given(fields), ...said }, select: { id: true } });
      const after = await findRule(tx, id);
      await note({
        action: "update",
        noun: "routing-rule",
        object: after,
        detail: difference(facts(before), facts(after)),
      });
      return after;
    }),
  );

/** Deletes a rule of the dashboard's. */
export const deleteRule = adminProcedure
  .meta(rest("DELETE", "/routing/rules/{id}", "Delete a routing rule."))
  .input(ById)
  .output(Deleted)
  .mutation(({ ctx, input: { id } }) =>
    change(ctx, async (tx, note) => {
      const before = await findRule(tx, id);
      refuseManaged("routing rule", before);
      await tx.routingRule.delete({ where: { id }, select: { id: true } });
      await note({ action: "delete", noun: "routing-rule", object: before, detail: difference({}, facts(before)) });
      return { id, deleted: true as const };
    }),
  );

/** Puts the dashboard's rules in order; those of conduit.json stay before them. */
export const orderRules = adminProcedure
  .meta(rest("PUT", "/routing/rules/order", "Put the routing rules in order; those of conduit.json come first."))
  .input(RuleOrder)
  .output(z.array(RuleView))
  .mutation(({ ctx, input: { ids } }) =>
    change(ctx, async (tx, note) => {
      const own = await tx.routingRule.findMany({ where: { managed: false }, select: { id: true } });
      const known = new Set(own.map(({ id }) => id));
      if (ids.length !== known.size || new Set(ids).size !== ids.length || !ids.every((id) => known.has(id)))
        throw badInput("Name each rule that conduit.json does not declare once.", "ids");
      for (const [position, id] of ids.entries())
        await tx.routingRule.update({ where: { id }, data: { position }, select: { id: true } });
      const views = await allRules(tx);
      await note({ action: "reorder", noun: "routing-rule", detail: { rules: views.map(({ name }) => name) } });
      return views;
    }),
  );

type Reader = Pick<Prisma.TransactionClient, "routingRule">;
type View = z.infer<typeof RuleView>;

async function allRules(db: Reader): Promise<View[]> {
  const rows = await db.routingRule.findMany({ orderBy: [{ position: "asc" }, { createdAt: "asc" }, { id: "asc" }] });
  return rows.map(ruleView);
}

async function findRule(db: Reader, id: string): Promise<View> {
  const row = await db.routingRule.findUnique({ where: { id } });
  if (!row) throw notFound("routing rule");
  return ruleView(row);
}

const Said = z.object(ruleShape);

function ruleView({ id, name, position, enabled, managed, createdAt, ...said }: Prisma.RoutingRuleModel): View {
  return { id, name, position, enabled, managed, createdAt, ...Said.parse(said) };
}

function facts({ name, enabled, match, conditions, actions, stop }: View): Record<string, unknown> {
  return { name, enabled, match, conditions, actions, stop };
}

/** A rule that sends calls to a model that nobody knows would refuse them all. */
async function checkActions(tx: Transaction, actions: readonly RuleAction[]): Promise<void> {
  for (const action of actions) {
    if (action.action !== "rewrite" || action.model.includes("/")) continue;
    const found = await tx.model.findUnique({ where: { name: action.model }, select: { id: true } });
    if (!found) throw badInput(`There is no model "${action.model}".`, "actions");
  }
}

/** As JSON holds it: without what is not there. */
function plain(value: object): Prisma.InputJsonValue {
  return JSON.parse(JSON.stringify(value));
}
