import { createHmac } from "node:crypto";
import { isGatewayError } from "@/server/errors";
import { send } from "@/server/outbound/client";
import type { Secret } from "@/server/secret";

/** A message to an address of the admin's. */
export type WebhookMessage = {
  readonly url: string;
  readonly allowPrivateNetwork: boolean;
  readonly secret: Secret;
  /** The same for every attempt, so that a receiver can tell a repetition. */
  readonly id: string;
  readonly at: Date;
  /** JSON. */
  readonly body: string;
};

/** How an attempt ended: the receiver's status, or why there was none. */
export type WebhookAnswer = { readonly status: number | undefined; readonly error: string | undefined };

const WAIT_MS = 10_000;

/**
 * Sends a message, signed as Standard Webhooks has it (https://www.standardwebhooks.com): HMAC-SHA256 of id, seconds and body, joined
 * by dots. Does not throw for what the receiver or the network does; redirects are not followed.
 */
export async function sendWebhook(message: WebhookMessage): Promise<WebhookAnswer> {
  const { id, body, url, allowPrivateNetwork } = message;
  const seconds = Math.floor(message.at.getTime() / 1_000).toString();
  const headers = {
    "content-type": "application/json",
    "user-agent": "Conduit",
    "webhook-id": id,
    "webhook-timestamp": seconds,
    "webhook-signature": `v1,${signature(message.secret, `${id}.${seconds}.${body}`)}`,
  };
  try {
    const response = await send(
      { method: "POST", url, headers, body },
      { firstByteMs: WAIT_MS, idleMs: WAIT_MS, allowPrivateNetwork },
    );
    const { status } = response;
    // What it says beyond its status is not read.
    response.abort();
    return {
      status,
      error: status >= 200 && status < 300 ? undefined : `The receiver answered with status ${status}.`,
    };
  } catch (error) {
    if (!isGatewayError(error)) throw error;
    return { status: undefined, error: error.message.replace("The provider", "The receiver") };
  }
}

const PREFIX = "whsec_";

function signature(secret: Secret, text: string): string {
  const whole = secret.reveal();
  const key = whole.startsWith(PREFIX) ? Buffer.from(whole.slice(PREFIX.length), "base64") : Buffer.from(whole);
  return createHmac("sha256", key).update(text).digest("base64");
}
