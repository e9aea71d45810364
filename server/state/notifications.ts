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
       INSERT INTO notification (id, kind, severity, title, detail, once) VALUES (gen_random_uuid(), $1, $2, $3, $4, $5)
       ON CONFLICT (once) DO NOTHING RETURNING id, kind
     ), sent AS (
       INSERT INTO webhook_delivery (notification_id, webhook_id)
       SELECT noted.id, webhook.id FROM noted, webhook
        WHERE webhook.enabled AND (cardinality(webhook.kinds) = 0 OR noted.kind = ANY(webhook.kinds))
     )
     SELECT id FROM noted`,
    [kind, severity, title, JSON.stringify(detail), once ?? null],
  );
  if (rows.length > 0) log.warn({ kind, ...detail }, title);
}
