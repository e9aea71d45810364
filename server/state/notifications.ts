import { randomUUID } from "node:crypto";
import { query } from "@/server/db/sql";
import { log } from "@/server/log";

/** Something an admin should know of. */
export type Note = {
  /** What it is about: `budget`, `unpriced` … */
  readonly kind: string;
  readonly severity: "info" | "warning" | "error";
  /** One sentence. */
  readonly title: string;
  readonly detail?: Readonly<Record<string, unknown>>;
  /** Of notes with the same text here only the first is written. */
  readonly once?: string;
};

/** Writes a note for the dashboard and, with it, what is to be sent to webhooks that want its kind; says so in the log. */
export async function notify({ kind, severity, title, detail = {}, once }: Note): Promise<void> {
  const rows = await query(
    `WITH noted AS (
       INSERT INTO notification (id, kind, severity, title, detail, once) VALUES ($6, $1, $2, $3, $4, $5)
       ON CONFLICT (once) DO NOTHING RETURNING id, kind
     ), sent AS (
       INSERT INTO webhook_delivery (notification_id, webhook_id)
       SELECT noted.id, webhook.id FROM noted, webhook
        WHERE webhook.enabled AND (cardinality(webhook.kinds) = 0 OR noted.kind = ANY(webhook.kinds))
     )
     SELECT id FROM noted`,
    [
      kind,
      severity,
      title,
      JSON.stringify(detail),
      once ?? null,
      orderedId(performance.timeOrigin + performance.now()),
    ],
  );
  if (rows.length > 0) log.warn({ kind, ...detail }, title);
}

/** A UUID of version 7, in order also within a millisecond: pages are sorted by it. Source: RFC 9562, section 6.2, method 3. */
function orderedId(nowMs: number): string {
  const ms = Math.floor(nowMs);
  const time = ms.toString(16).padStart(12, "0");
  const within = Math.floor((nowMs - ms) * 4_096)
    .toString(16)
    .padStart(3, "0");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${within}${randomUUID().slice(18)}`;
}
