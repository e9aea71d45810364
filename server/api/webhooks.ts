import { randomBytes, randomUUID } from "node:crypto";
import { z } from "zod";
import { change, difference, given, snapshot, type Transaction } from "@/server/api/change";
import { badInput, notFound } from "@/server/api/errors";
import { ById, Deleted } from "@/server/api/fields.schema";
import { adminProcedure, rest, router } from "@/server/api/trpc";
import { IssuedWebhook, NewWebhook, WebhookChange, WebhookTried, WebhookView } from "@/server/api/webhooks.schema";
import type { Prisma } from "@/server/db/generated/client";
import { prisma } from "@/server/db/prisma";
import { isGatewayError } from "@/server/errors";
import { checkUrl } from "@/server/outbound/addresses";
import { sendWebhook } from "@/server/outbound/webhook";
import { secrets } from "@/server/secrets";
import { webhookContext } from "@/server/state/webhooks";

/** Where notifications are sent to. */
export const webhooks = router({
  list: adminProcedure
    .meta(rest("GET", "/webhooks", "List the webhooks with how their newest delivery went."))
    .output(z.array(WebhookView))
    .query(() => snapshot((tx) => webhookRows(tx, {}))),

  create: adminProcedure
    .meta(rest("POST", "/webhooks", "Add a webhook; its secret is in this answer only."))
    .input(NewWebhook)
    .output(IssuedWebhook)
    .mutation(({ ctx, input: { secret = `whsec_${randomBytes(32).toString("base64")}`, ...fields } }) => {
      checkAddress(fields.url, fields.allowPrivateNetwork);
      return change(ctx, async (tx, note) => {
        const id = randomUUID();
        const sealed = secrets().sealer.seal(secret, webhookContext(id));
        await tx.webhook.create({ data: { id, sealed, ...fields }, select: { id: true } });
        const view = await findWebhook(tx, id);
        await note({ action: "create", noun: "webhook", object: view, detail: difference({}, webhookFacts(view)) });
        return { id, secret };
      });
    }),

  update: adminProcedure
    .meta(rest("PATCH", "/webhooks/{id}", "Change a webhook."))
    .input(WebhookChange)
    .output(WebhookView)
    .mutation(({ ctx, input: { id, ...fields } }) =>
      change(ctx, async (tx, note) => {
        const before = await findWebhook(tx, id);
        checkAddress(fields.url ?? before.url, fields.allowPrivateNetwork ?? before.allowPrivateNetwork);
        await tx.webhook.update({ where: { id }, data: given(fields), select: { id: true } });
        const after = await findWebhook(tx, id);
        const detail = difference(webhookFacts(before), webhookFacts(after));
        await note({ action: "update", noun: "webhook", object: after, detail });
        return after;
      }),
    ),

  test: adminProcedure
    .meta(rest("POST", "/webhooks/{id}/test", "Send a notification of the kind `test` to a webhook."))
    .input(ById)
    .output(WebhookTried)
    .mutation(async ({ input: { id } }) => {
      const row = await prisma().webhook.findUnique({ where: { id }, omit: { sealed: false } });
      if (!row) throw notFound("webhook");
      const at = new Date();
      const data = { id: randomUUID(), severity: "info", title: "This is a test.", detail: {} };
      const { status, error } = await sendWebhook({
        url: row.url,
        allowPrivateNetwork: row.allowPrivateNetwork,
        secret: secrets().sealer.open(row.sealed, webhookContext(id)),
        id: data.id,
        at,
        body: JSON.stringify({ type: "test", timestamp: at.toISOString(), data }),
      });
      return { ok: error === undefined, status: status ?? null, error: error ?? null };
    }),

  delete: adminProcedure
    .meta(rest("DELETE", "/webhooks/{id}", "Delete a webhook; what it was not sent yet is not sent."))
    .input(ById)
    .output(Deleted)
    .mutation(({ ctx, input: { id } }) =>
      change(ctx, async (tx, note) => {
        const before = await findWebhook(tx, id);
        await tx.webhook.delete({ where: { id }, select: { id: true } });
        await note({ action: "delete", noun: "webhook", object: before, detail: difference({}, webhookFacts(before)) });
        return { id, deleted: true as const };
      }),
    ),
});

const columns = {
  id: true,
  name: true,
  url: true,
  kinds: true,
  allowPrivateNetwork: true,
  enabled: true,
  createdAt: true,
  deliveries: {
    select: { attempts: true, status: true, error: true, nextAt: true, deliveredAt: true },
    where: { attempts: { gt: 0 } },
    orderBy: { notification: { at: "desc" } },
    take: 1,
  },
} satisfies Prisma.WebhookSelect;

type View = z.infer<typeof WebhookView>;

async function webhookRows(tx: Transaction, where: Prisma.WebhookWhereInput): Promise<View[]> {
  const rows = await tx.webhook.findMany({ where, select: columns, orderBy: { name: "asc" } });
  return rows.map(({ deliveries: [last], ...row }) => {
    if (!last) return { ...row, last: null };
    const { deliveredAt, ...attempt } = last;
    return { ...row, last: { ...attempt, at: deliveredAt } };
  });
}

async function findWebhook(tx: Transaction, id: string): Promise<View> {
  const [row] = await webhookRows(tx, { id });
  if (!row) throw notFound("webhook");
  return row;
}

/** A path may hold a credential: of the address only the host is kept. */
function webhookFacts({ name, url, kinds, allowPrivateNetwork, enabled }: View): Record<string, unknown> {
  return { name, host: new URL(url).host, kinds, allowPrivateNetwork, enabled };
}

function checkAddress(text: string, allowPrivateNetwork: boolean): void {
  const url = URL.parse(text);
  if (!url) throw badInput("This is not a URL.", "url");
  try {
    checkUrl(url, allowPrivateNetwork);
  } catch (error) {
    throw isGatewayError(error) ? badInput(error.message, "url") : error;
  }
}
