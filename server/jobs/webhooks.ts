import { log } from "@/server/log";
import { sendWebhook } from "@/server/outbound/webhook";
import { secrets } from "@/server/secrets";
import { type Delivery, noteDelivery, takeDeliveries, webhookContext } from "@/server/state/webhooks";

const LOOK_MS = 2_000;
/** At the same time: a slow receiver must not hold up all others. */
const AT_ONCE = 10;

/** Sends notifications to webhooks as they come, in one of all processes each, until it is stopped. */
export function sendWebhooks(): () => Promise<void> {
  let working: Promise<void> | undefined;
  const timer = setInterval(() => {
    working ??= sendDue()
      .catch((error: unknown) => log.warn({ err: error }, "Webhooks could not be looked after; they are tried again."))
      .finally(() => {
        working = undefined;
      });
  }, LOOK_MS);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await working;
  };
}

/** Sends everything that is due. Throws when the database is away. */
export async function sendDue(): Promise<void> {
  for (;;) {
    const due = await takeDeliveries(AT_ONCE);
    if (due.length === 0) return;
    await Promise.all(due.map(deliver));
  }
}

async function deliver(delivery: Delivery): Promise<void> {
  const { notificationId, webhookId, url, allowPrivateNetwork, attempts } = delivery;
  const secret = openSecret(delivery);
  const answer = secret
    ? await sendWebhook({
        url,
        allowPrivateNetwork,
        secret,
        id: notificationId,
        at: new Date(),
        body: bodyOf(delivery),
      })
    : { status: undefined, error: "Its secret was sealed with another CONDUIT_ENCRYPTION_KEY." };
  if (answer.error !== undefined)
    log.warn({ webhook: webhookId, attempts, error: answer.error }, "A webhook did not take a notification.");
  await noteDelivery(delivery, answer);
}

function openSecret({ sealed, webhookId }: Delivery) {
  try {
    return secrets().sealer.open(sealed, webhookContext(webhookId));
  } catch (error) {
    log.error({ err: error, webhook: webhookId }, "A webhook's secret cannot be opened.");
    return undefined;
  }
}

function bodyOf({ notificationId, kind, severity, title, detail, at }: Delivery): string {
  return JSON.stringify({
    type: kind,
    timestamp: at.toISOString(),
    data: { id: notificationId, severity, title, detail },
  });
}
