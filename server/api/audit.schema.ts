import { z } from "zod";
import { Id, Moment, Page } from "@/server/api/fields.schema";

/** Which entries to list, newest first. */
export const AuditFilter = z.strictObject(Page);

/** Who did what to which object. */
const AuditView = z
  .object({
    id: Id,
    at: Moment,
    actor: z.string(),
    action: z.string(),
    noun: z.string(),
    objectId: z.string().nullable(),
    name: z.string().nullable(),
    detail: z.json().nullable(),
    ip: z.string().nullable(),
  })
  .meta({ id: "AuditEntry" });

/** A page of entries. */
export const AuditPage = z.object({ items: z.array(AuditView), nextCursor: z.string().nullable() });
