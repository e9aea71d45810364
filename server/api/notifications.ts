import { z } from "zod";
import { pageOf, placeOf } from "@/server/api/cursor";
import { NotificationFilter, NotificationPage, NotificationsRead, ReadCount } from "@/server/api/notifications.schema";
import { adminProcedure, rest, router } from "@/server/api/trpc";
import { prisma } from "@/server/db/prisma";

const Detail = z.json();

/** What an admin should know of: budgets that run out, models without a price. */
export const notifications = router({
  list: adminProcedure
    .meta(rest("GET", "/notifications", "List notifications, newest first."))
    .input(NotificationFilter)
    .output(NotificationPage)
    .query(async ({ input: { only, cursor, limit } }) => {
      const after = placeOf(cursor);
      const place = after && { at: { lte: after.at }, OR: [{ at: { lt: after.at } }, { id: { lt: after.id } }] };
      const rows = await prisma().notification.findMany({
        where: { ...place, ...(only === "unread" && { readAt: null }) },
        omit: { once: true },
        orderBy: [{ at: "desc" }, { id: "desc" }],
        take: limit + 1,
      });
      const unread = await prisma().notification.count({ where: { readAt: null } });
      const page = pageOf(rows, limit, {
        item: (row) => ({ ...row, detail: Detail.parse(row.detail) }),
        place: (row) => row,
      });
      return { ...page, unread };
    }),

  read: adminProcedure
    .meta(rest("POST", "/notifications/read", "Mark notifications as read, or all of them."))
    .input(NotificationsRead)
    .output(ReadCount)
    .mutation(async ({ input: { ids } }) => {
      const where = { readAt: null, ...(ids && { id: { in: ids } }) };
      const { count } = await prisma().notification.updateMany({ where, data: { readAt: new Date() } });
      return { read: count };
    }),
});
