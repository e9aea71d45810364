import { GatewayError } from "@/server/errors";
import type { Inbound } from "@/server/gateway/endpoint";
import type { Caller } from "@/server/state/callers";
import { callerById, callerOf } from "@/server/state/key-cache";

const MAX_KEY_LENGTH = 512;
const BEARER = /^bearer\s+(\S+)\s*$/i;

/**
 * Who calls. Throws `unauthenticated` with a reason that helps the key's owner: whoever presents a key knows it already.
 * Throws `store_unavailable` when an unknown key cannot be looked up; a key in memory goes on working, and is no promise.
 */
export function authenticate(inbound: Inbound): Caller | Promise<Caller> {
  const now = Date.now();
  if (inbound.actAsKeyId !== undefined) return callerById(inbound.actAsKeyId).then((caller) => usable(caller, now));
  const found = callerOf(presentedKey(inbound), now);
  return found instanceof Promise ? found.then((caller) => usable(caller, now)) : usable(found, now);
}

function presentedKey({ headers }: Inbound): string {
  const authorization = headers.authorization;
  const apiKey = headers["x-api-key"] ?? headers["x-goog-api-key"];
  let key: string | undefined;
  if (authorization !== undefined) {
    key = BEARER.exec(authorization)?.[1];
    if (key === undefined)
      throw new GatewayError("unauthenticated", "The Authorization header must be `Bearer <virtual key>`.");
  } else if (typeof apiKey === "string") key = apiKey.trim();
  if (!key) {
    throw new GatewayError("unauthenticated", "No key given. Send a virtual key as `Authorization: Bearer condt_…`.", {
      code: "missing_api_key",
    });
  }
  if (key.length > MAX_KEY_LENGTH) throw new GatewayError("unauthenticated", "Invalid key.");
  return key;
}

function usable(caller: Caller | null, nowMs: number): Caller {
  if (!caller) throw new GatewayError("unauthenticated", "Invalid key.");
  if (!caller.enabled) throw new GatewayError("unauthenticated", "This key is disabled.", { code: "key_disabled" });
  if (!caller.groupEnabled)
    throw new GatewayError("unauthenticated", "The group of this key is disabled.", { code: "group_disabled" });
  if (caller.expiresAtMs !== null && caller.expiresAtMs <= nowMs) {
    throw new GatewayError("unauthenticated", `This key expired on ${new Date(caller.expiresAtMs).toISOString()}.`, {
      code: "key_expired",
    });
  }
  return caller;
}
