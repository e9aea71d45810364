import type { z } from "zod";
import { callColumns, callDetail, callRow, type Demos, explanation } from "@/server/api/call-view";
import { ByCall, ByRequestId, CallDetail, CallFacets, CallFilter, CallPage, CallRow } from "@/server/api/calls.schema";
import { pageOf, placeOf } from "@/server/api/cursor";
import { badInput, notFound } from "@/server/api/errors";
import { refund } from "@/server/api/ledger";
import { NewRefund, RefundView } from "@/server/api/ledger.schema";
import { priceColumns, priceView } from "@/server/api/price-view";
import { demoTypes } from "@/server/api/provider-view";
import { adminProcedure, rest, router } from "@/server/api/trpc";
import type { Prisma } from "@/server/db/generated/client";
import { prisma } from "@/server/db/prisma";
import { runOnPool } from "@/server/db/run";
import { errorKinds } from "@/server/errors";
import { explainCall } from "@/server/state/explain";

const DAY_MS = 24 * 60 * 60 * 1000;

/** The ledger: every call and what became of it. */
export const calls = router({
  list: adminProcedure
    .meta(rest("GET", "/calls", "List calls, newest first."))
    .input(CallFilter)
    .output(CallPage)
    .query(async ({ input }) => {
      const rows = await prisma().call.findMany({
        where: matching(input),
        select: callColumns,
        orderBy: [{ startedAt: "desc" }, { id: "desc" }],
        take: input.limit + 1,
      });
      const demos = await demoProviders();
      return pageOf(rows, input.limit, {
        item: (row) => callRow(row, demos),
        place: ({ startedAt, id }) => ({ at: startedAt, id }),
      });
    }),

  get: adminProcedure
    .meta(rest("GET", "/calls/{id}", "Read a call with the price that it was billed at."))
    .input(ByCall)
    .output(CallDetail)
    .query(async ({ input: { id, startedAt } }) => {
      const row = await prisma().call.findFirst({ where: { id, ...(startedAt && { startedAt }) } });
      if (!row) throw notFound("call");
      const price =
        row.priceId && (await prisma().price.findUnique({ where: { id: row.priceId }, select: priceColumns }));
      const explained = await explainCall(runOnPool, { id, startedAt: row.startedAt });
      return { ...callDetail(row, price ? priceView(price) : null, await demoProviders()), ...explanation(explained) };
    }),

  refund: adminProcedure
    .meta(rest("POST", "/calls/{id}/refund", "Give back what a call cost, once."))
    .input(NewRefund)
    .output(RefundView)
    .mutation(({ ctx, input }) => refund(ctx, input)),

  byRequestId: adminProcedure
    .meta(
      rest(
        "GET",
        "/calls/by-request-id/{requestId}",
        "Find a call by the x-request-id of its answer; null when there is none.",
      ),
    )
    .input(ByRequestId)
    .output(CallRow.nullable())
    .query(async ({ input }) => {
      const row = await prisma().call.findFirst({ where: input, select: callColumns, orderBy: { startedAt: "desc" } });
      return row && callRow(row, await demoProviders());
    }),

  facets: adminProcedure
    .meta(rest("GET", "/call-facets", "List the models, providers and keys that recent calls can be filtered by."))
    .output(CallFacets)
    .query(async () => {
      const where = { hour: { gte: new Date(Date.now() - 30 * DAY_MS) } };
      const [byModel, byProvider, byKey] = await Promise.all([
        prisma().callRollup.groupBy({
          by: ["model"],
          where: { ...where, model: { not: "" } },
          orderBy: { model: "asc" },
        }),
        prisma().callRollup.groupBy({
          by: ["providerName"],
          where: { ...where, providerName: { not: "" } },
          orderBy: { providerName: "asc" },
        }),
        prisma().callRollup.groupBy({ by: ["keyId"], where: { ...where, keyId: { not: "" } } }),
      ]);
      const ids = byKey.map((row) => row.keyId);
      return {
        models: byModel.map((row) => row.model),
        providers: byProvider.map((row) => row.providerName),
        errorKinds: errorKinds(),
        keys: await prisma().virtualKey.findMany({
          where: { id: { in: ids } },
          select: { id: true, name: true },
          orderBy: { name: "asc" },
        }),
      };
    }),
});

async function demoProviders(): Promise<Demos> {
  const found = await prisma().provider.findMany({ where: { type: { in: [...demoTypes] } }, select: { id: true } });
  return new Set(found.map(({ id }) => id));
}

/** The calls that a filter means; always between two moments, so that few of the table's days are read. */
function matching({
  keyId,
  model,
  providerName,
  outcome,
  errorKind,
  search,
  ...input
}: z.infer<typeof CallFilter>): Prisma.CallWhereInput {
  const to = input.to ?? new Date();
  const from = input.from ?? new Date(to.getTime() - 7 * DAY_MS);
  if (from > to) throw badInput("The beginning is after the end.", "from");
  const after = placeOf(input.cursor);
  const until = after && after.at < to ? after.at : to;
  return {
    startedAt: { gte: from, lte: until },
    ...(keyId !== undefined && { keyId }),
    ...(model !== undefined && { model }),
    ...(providerName !== undefined && { providerName }),
    ...(outcome === "ok" && { status: { lt: 400 } }),
    ...(outcome === "error" && { status: { gte: 400 } }),
    ...(outcome === "recovered" && { status: { lt: 400 }, attempts: { gt: 1 } }),
    ...(errorKind !== undefined && { errorKind }),
    AND: [
      ...(after ? [{ OR: [{ startedAt: { lt: after.at } }, { id: { lt: after.id } }] }] : []),
      ...(search ? [{ OR: anywhere(search) }] : []),
    ],
  };
}

function anywhere(search: string): Prisma.CallWhereInput[] {
  // Prisma hands these signs on to LIKE, where they would match anything.
  const contains = search.replace(/[\\%_]/g, "\\$&");
  return (["requestId", "model", "upstreamModel", "keyName", "errorMessage"] as const).map((column) => ({
    [column]: { contains, mode: "insensitive" },
  }));
}
