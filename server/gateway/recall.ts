import { createHash } from "node:crypto";
import { GatewayError } from "@/server/errors";
import type { Call } from "@/server/gateway/call";
import type { Inbound, Reply, StreamBody } from "@/server/gateway/endpoint";
import { callHeaders, streamHeaders } from "@/server/gateway/headers";
import { routeId, type Stage } from "@/server/gateway/resolve";
import { costOfCall, settle } from "@/server/gateway/settle";
import type { Caller } from "@/server/state/callers";
import { type CachedAnswer, cacheAnswer, cachedAnswer, isCacheable, lookAtAnswer } from "@/server/state/response-cache";
import { DIALECT_HEADERS } from "@/server/wire/headers";
import { outputTokens } from "@/server/wire/usage";

const USUAL_TTL_SECONDS = 3_600;
const LONGEST_TTL_SECONDS = 30 * 24 * 3_600;

/** How one call uses the cache. */
export type Recall = {
  readonly key: string;
  readonly ttlMs: number;
  /** Answers older than this are not taken. */
  readonly maxAgeMs: number;
  /** False where the caller wants a fresh answer, which is kept. */
  readonly reads: boolean;
};

/** Headers of a request that change its answer. */
const TELLING = [...DIALECT_HEADERS, "x-conduit-route", "accept"];

/**
 * How a call uses the cache, once its body is as rules leave it; undefined where neither its key, its model nor its own header ask
 * for that. Throws `invalid_request` for a header that says nothing.
 */
export function recallOf(
  call: Call,
  caller: Caller,
  { stages, bytes }: { readonly stages: readonly Stage[]; readonly bytes: Buffer },
): Recall | undefined {
  const { headers } = call.inbound;
  const asked = askedOf(headers["x-conduit-cache"]);
  const settings = stages[0]?.settings;
  if (asked === "off" || (asked === undefined && !caller.cache && !settings?.cache)) return undefined;
  const own = ttlOf(headers["x-conduit-cache-ttl"]);
  return {
    key: keyOf(call, caller, { stages, bytes }),
    ttlMs: (own ?? settings?.cacheTtlSeconds ?? USUAL_TTL_SECONDS) * 1_000,
    maxAgeMs: own === undefined ? Number.POSITIVE_INFINITY : own * 1_000,
    reads: asked !== "refresh",
  };
}

function askedOf(header: string | string[] | undefined): "on" | "off" | "refresh" | undefined {
  if (header === undefined || header === "on" || header === "off" || header === "refresh") return header;
  throw new GatewayError("invalid_request", "x-conduit-cache is on, off or refresh.", { param: "x-conduit-cache" });
}

function ttlOf(header: string | string[] | undefined): number | undefined {
  if (header === undefined) return undefined;
  const seconds = Number(header);
  if (Number.isInteger(seconds) && seconds >= 1 && seconds <= LONGEST_TTL_SECONDS) return seconds;
  throw new GatewayError(
    "invalid_request",
    `x-conduit-cache-ttl is a whole number of seconds from 1 to ${LONGEST_TTL_SECONDS}.`,
    { param: "x-conduit-cache-ttl" },
  );
}

/** Everything that changes the answer, and whose it is: no group, and no key without one, sees another's answers. */
function keyOf(
  { inbound, dialect, operation, strict }: Call,
  { groupId, keyId, strict: keyIsStrict }: Caller,
  { stages, bytes }: { readonly stages: readonly Stage[]; readonly bytes: Buffer },
): string {
  const { path, query, headers }: Inbound = inbound;
  const about = [
    groupId === null ? ["key", keyId] : ["group", groupId],
    [operation, dialect.id, path, query, strict || keyIsStrict],
    TELLING.map((name) => headers[name] ?? null),
    stages.map(({ model, on, targets, changes }) => [model, on, targets.map(routeId), changes]),
  ];
  return createHash("sha256").update(JSON.stringify(about)).update(bytes).digest("hex");
}

/** How old the kept answer to an identical request is, in seconds, without using it; undefined when there is none. */
export async function ageOfKept({ key, reads, maxAgeMs }: Recall): Promise<number | undefined> {
  const now = Date.now();
  const found = reads ? await lookAtAnswer(key, now) : undefined;
  if (!found || now - found.storedAtMs >= maxAgeMs) return undefined;
  return Math.max(0, Math.floor((now - found.storedAtMs) / 1_000));
}

/** The kept answer to an identical request, which settles the call at no cost; undefined when there is none. */
export async function recalled(call: Call, { key, reads, maxAgeMs }: Recall): Promise<Reply | undefined> {
  if (!reads) return undefined;
  const now = Date.now();
  const looking = cachedAnswer(key, now);
  const found = looking instanceof Promise ? await looking : looking;
  if (!found || now - found.storedAtMs >= maxAgeMs) return undefined;
  call.savedNano = found.costNano ?? 0n;
  const headers = {
    ...callHeaders(call),
    ...(call.stream && streamHeaders),
    "content-type": found.contentType,
    "x-conduit-cache": "hit",
    "x-conduit-cost-usd": "0",
    age: String(Math.max(0, Math.floor((now - found.storedAtMs) / 1_000))),
  };
  if (call.stream) return { status: 200, headers, body: replay(call, found) };
  const settling = settle(call, 200);
  if (settling) await settling;
  return { status: 200, headers, body: found.body };
}

function replay(call: Call, { body }: CachedAnswer): StreamBody {
  return async (sink) => {
    const settling = settle(call, 200);
    if (settling) await settling;
    sink.write(body);
  };
}

/** `limit` is how many tokens of the answer the caller's budget paid for, where that was less than was asked for. */
type Keeping = Recall & { readonly limit?: number | undefined };

/** A fresh answer on its way to the caller, of which a copy is kept if it comes to a good end. */
export function keeping(call: Call, { key, ttlMs, limit }: Keeping, reply: Reply): Reply {
  const { status, headers, body } = reply;
  if (status !== 200) return reply;
  const keep = (whole: Buffer): void => {
    if (limit !== undefined && isCut(call, limit)) return;
    const contentType = headers["content-type"] ?? "application/json";
    const costNano = costOfCall(call)?.nano ?? null;
    cacheAnswer(key, { contentType, costNano, body: whole, storedAtMs: Date.now() }, ttlMs);
  };
  if (typeof body !== "function") keep(Buffer.from(body));
  return {
    status,
    headers: { ...headers, "x-conduit-cache": "miss" },
    body: typeof body === "function" ? copied(call, body, keep) : body,
  };
}

/** Whether an answer is what was left of one that the budget paid for in part: nobody who asks again wants that. */
function isCut({ finishReason, usage, estimate }: Call, limit: number): boolean {
  const used = usage ?? estimate;
  return finishReason === "length" || used === undefined || outputTokens(used) >= limit;
}

function copied(call: Call, body: StreamBody, keep: (whole: Buffer) => void): StreamBody {
  return async (sink) => {
    let pieces: Buffer[] | undefined = [];
    let bytes = 0;
    await body({
      write: (chunk) => {
        const piece = Buffer.from(chunk);
        bytes += piece.length;
        if (isCacheable(bytes)) pieces?.push(piece);
        else pieces = undefined;
        return sink.write(chunk);
      },
      onDrain: (resume) => sink.onDrain(resume),
    });
    // Only a whole one: nobody who asks again wants what was left of a broken stream.
    if (pieces && !call.failure && !call.cancel.aborted && !call.timedOut) keep(Buffer.concat(pieces));
  };
}
