import { query } from "@/server/db/sql";

/** A notification that is to be sent to a webhook now, and how often it has been tried with this time. */
export type Delivery = {
  readonly notificationId: string;
  readonly webhookId: string;
  readonly attempts: number;
  readonly url: string;
  readonly sealed: string;
  readonly allowPrivateNetwork: boolean;
  readonly kind: string;
  readonly severity: string;
  readonly title: string;
  readonly detail: unknown;
  readonly at: Date;
};

/** A secret is sealed for its webhook alone. */
export function webhookContext(webhookId: string): string {
  return `webhook:${webhookId}`;
}

/** After each attempt that failed; then no more. */
const RETRY_AFTER_S = [5, 60, 300, 1_800, 7_200, 18_000, 36_000, 50_400];

/** Far longer than an attempt takes: after it the process that took a delivery has died, and another takes it. */
const TAKEN_FOR = "2 minutes";

type Row = {
  notification_id: string;
  webhook_id: string;
  attempts: number;
  url: string;
  sealed: string;
  allow_private_network: boolean;
  kind: string;
  severity: string;
  title: string;
  detail: unknown;
  at: Date;
};

/** Takes what is due, so that no other process sends it too. */
export async function takeDeliveries(limit: number): Promise<Delivery[]> {
  const rows = await query<Row>(
    `WITH due AS (
       SELECT d.notification_id, d.webhook_id FROM webhook_delivery d JOIN webhook w ON w.id = d.webhook_id
        WHERE d.next_at <= now() AND w.enabled ORDER BY d.next_at LIMIT $1 FOR UPDATE OF d SKIP LOCKED
     ), taken AS (
       UPDATE webhook_delivery d SET attempts = d.attempts + 1, next_at = now() + $2::interval
         FROM due WHERE d.notification_id = due.notification_id AND d.webhook_id = due.webhook_id RETURNING d.*
     )
     SELECT taken.notification_id, taken.webhook_id, taken.attempts, w.url, w.sealed, w.allow_private_network,
            n.kind, n.severity, n.title, n.detail, n.at
       FROM taken JOIN webhook w ON w.id = taken.webhook_id JOIN notification n ON n.id = taken.notification_id`,
    [limit, TAKEN_FOR],
  );
  return rows.map(({ notification_id, webhook_id, allow_private_network, ...row }) => ({
    ...row,
    notificationId: notification_id,
    webhookId: webhook_id,
    allowPrivateNetwork: allow_private_network,
  }));
}

/** Notes how an attempt ended. One that failed is tried again later, some times. */
export async function noteDelivery(
  { notificationId, webhookId, attempts }: Pick<Delivery, "notificationId" | "webhookId" | "attempts">,
  { status, error }: { readonly status: number | undefined; readonly error: string | undefined },
): Promise<void> {
  const waitS = error === undefined ? undefined : RETRY_AFTER_S[attempts - 1];
  await query(
    `UPDATE webhook_delivery SET status = $3, error = $4, delivered_at = CASE WHEN $4::text IS NULL THEN now() END,
            next_at = now() + make_interval(secs => $5::double precision)
      WHERE notification_id = $1 AND webhook_id = $2`,
    [notificationId, webhookId, status ?? null, error ?? null, waitS ?? null],
  );
}
