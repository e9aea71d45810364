import { z } from "zod";
import { distinct, Id, Moment, Name } from "@/server/api/fields.schema";

/** An address that notifications are sent to; its secret is never shown again. */
export const WebhookView = z
  .object({
    id: Id,
    name: z.string(),
    url: z.string(),
    /** Kinds of notifications; empty: all. */
    kinds: z.array(z.string()),
    allowPrivateNetwork: z.boolean(),
    enabled: z.boolean(),
    createdAt: Moment,
    /** The newest attempt; null before the first. */
    last: z
      .object({
        at: Moment.nullable(),
        attempts: z.int(),
        status: z.int().nullable(),
        error: z.string().nullable(),
        nextAt: Moment.nullable(),
      })
      .nullable(),
  })
  .meta({ id: "Webhook" });

const Url = z.url({ protocol: /^https?$/, error: "Give a URL that begins with https:// or http://." }).max(2_000);
const Kinds = z.array(z.string().trim().min(1).max(60)).max(50).refine(distinct, "A kind is listed twice.");

/** A new webhook. Without a secret of its own it gets one. */
export const NewWebhook = z.strictObject({
  name: Name,
  url: Url,
  secret: z.string().min(16, "A secret has at least 16 characters.").max(200).optional(),
  kinds: Kinds.default([]),
  allowPrivateNetwork: z.boolean().default(false),
  enabled: z.boolean().default(true),
});

/** A webhook's secret; it is shown in this answer and never again. */
export const IssuedWebhook = z.object({ id: Id, secret: z.string() });

/** Changes to a webhook: what is left out stays. */
export const WebhookChange = z.strictObject({
  id: Id,
  name: Name.optional(),
  url: Url.optional(),
  kinds: Kinds.optional(),
  allowPrivateNetwork: z.boolean().optional(),
  enabled: z.boolean().optional(),
});

/** How a trial ended. */
export const WebhookTried = z.object({ ok: z.boolean(), status: z.int().nullable(), error: z.string().nullable() });
