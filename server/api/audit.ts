import { z } from "zod";
import { AuditFilter, AuditPage } from "@/server/api/audit.schema";
import { pageOf, placeOf } from "@/server/api/cursor";
import { adminProcedure, rest, router } from "@/server/api/trpc";
import { prisma } from "@/server/db/prisma";

const Detail = z.json().nullable();

/** Who changed what. */
export const audit = router({
  list: adminProcedure
    .meta(rest("GET", "/audit", "List what was changed by whom, newest first."))
    .input(AuditFilter)
    .output(AuditPage)
    .query(async ({ input: { cursor, limit } }) => {
      const after = placeOf(cursor);
      const where = after && { at: { lte: after.at }, OR: [{ at: { lt: after.at } }, { id: { lt: after.id } }] };
      const rows = await prisma().auditEntry.findMany({
        ...(where && { where }),
        orderBy: [{ at: "desc" }, { id: "desc" }],
        take: limit + 1,
      });
      return pageOf(rows, limit, {
        item: (row) => ({ ...row, detail: Detail.parse(row.detail) }),
        place: (row) => row,
      });
    }),
});
