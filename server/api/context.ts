import type { Context } from "@/server/api/trpc";
import { addressOf, signedIn } from "@/server/auth";
import { env } from "@/server/env";
import { log } from "@/server/log";
import { sameSecret } from "@/server/secret";
import { secrets } from "@/server/secrets";

/** Who sent a request: the backend key speaks for itself, else the session cookie. A wrong key is not made good by a session. */
export async function contextOf(request: Request): Promise<Context> {
  const { headers } = request;
  if (presentedKey(headers) !== undefined) return backendContextOf(request);
  const actor = (await signedIn(headers.get("cookie"))) ? "admin" : null;
  return { actor, sameOrigin: isSameOrigin(headers), ip: addressOf(headers.get("x-forwarded-for")) };
}

/** As `contextOf`, for an API that takes the backend key only. */
export function backendContextOf({ headers }: Request): Context {
  const key = presentedKey(headers);
  const right = key !== undefined && sameSecret(key, secrets().backendKey.reveal());
  const ip = addressOf(headers.get("x-forwarded-for"));
  if (key !== undefined && !right) log.warn({ ip }, "A wrong backend key was sent.");
  return { actor: right ? "backend-key" : null, sameOrigin: false, ip };
}

function presentedKey(headers: Headers): string | undefined {
  const bearer = /^Bearer\s+(\S+)\s*$/i.exec(headers.get("authorization") ?? "")?.[1];
  return bearer ?? headers.get("x-api-key") ?? headers.get("x-master-key") ?? undefined;
}

/** Browsers say where a request comes from: `origin` with every POST, `sec-fetch-site` with every request. Silence is a no. */
function isSameOrigin(headers: Headers): boolean {
  const site = headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin") return false;
  const origin = headers.get("origin");
  if (origin === null) return site === "same-origin";
  const url = URL.parse(origin);
  if (!url) return false;
  if (env.publicUrl && url.origin === URL.parse(env.publicUrl)?.origin) return true;
  return url.host === headers.get("host") || (env.trustProxy && url.host === headers.get("x-forwarded-host"));
}
