import { z } from "zod";
import { Id, Moment, Page } from "@/server/api/fields.schema";

/** Something an admin should know of. */
const NotificationView = z
  .object({
    id: Id,
    at: Moment,
    kind: z.string(),
    severity: z.string(),
    title: z.string(),
    detail: z.json(),
    readAt: Moment.nullable(),
  })
  .meta({ id: "Notification" });

/** Which notifications to list, newest first. */
export const NotificationFilter = z.strictObject({ only: z.enum(["all", "unread"]).default("all"), ...Page });

/** A page of notifications, and how many are unread altogether. */
export const NotificationPage = z.object({
  items: z.array(NotificationView),
  nextCursor: z.string().nullable(),
  unread: z.int(),
});

/** Marks notifications as read; without `ids` all of them. */
export const NotificationsRead = z.strictObject({ ids: z.array(Id).min(1).max(1000).optional() });

/** How many that were unread. */
export const ReadCount = z.object({ read: z.int() });
