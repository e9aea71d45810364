import { type Call, elapsedMs } from "@/server/gateway/call";
import { log } from "@/server/log";
import { countCall } from "@/server/metrics";
import { costOf, type NanoUsd } from "@/server/money";
import { type CatalogPrice, priceAt } from "@/server/state/catalog";
import { addToLedger } from "@/server/state/ledger";
import { callClosed } from "@/server/state/open-calls";
import { inputTokens, noUsage, outputTokens, type Usage } from "@/server/wire/usage";

/** What a call cost, and under which price; undefined when tokens were used and no price is known for them. */
export function costOfCall(call: Call): { nano: NanoUsd; price: CatalogPrice | undefined } | undefined {
  const deployment = call.target?.deployment;
  const price = deployment && priceAt(deployment, call.startedAtMs);
  const usage = call.usage ?? call.estimate;
  if (!usage) return { nano: 0n, price };
  return price && { nano: costOf(usage, price.rates), price };
}

/** Closes a call, exactly once whatever its end: what it held is given back, it is counted and goes into the ledger. */
export function settle(call: Call, status: number): void {
  if (call.settled) return;
  call.settled = true;
  callClosed(call);
  for (const giveBack of call.reservations.reverse()) giveBack();
  const durationMs = elapsedMs(call);
  const usage = call.usage ?? call.estimate ?? noUsage;
  const cost = costOfCall(call);
  count(call, { status, durationMs, usage, cost: cost?.nano });
  const { target, caller, inbound } = call;
  // Nobody's call costs nobody anything: whoever has no key must not be able to fill the ledger.
  if (!caller) return;
  addToLedger({
    id: call.id,
    started_at: new Date(call.startedAtMs).toISOString(),
    request_id: call.requestId,
    key_id: caller.keyId,
    key_name: caller.keyName,
    group_id: caller.groupId,
    group_name: caller.groupName,
    model: storable(call.model, 200),
    deployment_id: target?.deployment?.id ?? null,
    provider_id: target?.provider.id ?? null,
    provider_name: target?.provider.name ?? null,
    provider_key_name: target?.key?.name ?? null,
    upstream_model: storable(target?.upstreamModel, 200),
    operation: call.operation,
    dialect: call.dialect,
    stream: call.stream,
    status,
    error_kind: call.failure?.kind ?? null,
    error_message: storable(call.failure?.message, 1_000),
    finish_reason: storable(call.finishReason, 100),
    attempts: call.attempts,
    input_tokens: usage.input,
    cached_input_tokens: usage.cachedInput,
    cache_write_tokens: usage.cacheWrite,
    cache_write_1h_tokens: usage.cacheWrite1h,
    output_tokens: usage.output,
    reasoning_tokens: usage.reasoning,
    audio_input_tokens: usage.audioInput,
    audio_output_tokens: usage.audioOutput,
    estimated: !call.usage && call.estimate !== undefined,
    cost_nano: cost ? cost.nano.toString() : null,
    price_id: cost?.price?.id ?? null,
    first_token_ms: call.firstTokenMs ?? null,
    duration_ms: durationMs,
    client_ip: inbound.ip || null,
    user_agent: storable(inbound.headers["user-agent"], 300),
    tags: caller.tags,
    dropped: call.dropped.map((name) => storable(name, 100) ?? ""),
  });
}

type Outcome = { status: number; durationMs: number; usage: Usage; cost: NanoUsd | undefined };

function count(call: Call, { status, durationMs, usage, cost }: Outcome): void {
  countCall({
    operation: call.operation,
    // A model that does not exist is a caller's text, which must not become a label.
    model: call.target ? (call.target.deployment ? (call.model ?? "") : "(direct)") : "",
    provider: call.target?.provider.name ?? "",
    status,
    durationMs,
    firstTokenMs: call.firstTokenMs,
    inputTokens: inputTokens(usage),
    outputTokens: outputTokens(usage),
    costNano: cost ?? 0n,
  });
  if (log.isLevelEnabled("debug"))
    log.debug({ requestId: call.requestId, status, model: call.model, durationMs }, "Call settled.");
}

/** Text as PostgreSQL can hold it: without NUL, and not longer than what a page shows. */
function storable(text: string | undefined, maxLength: number): string | null {
  if (text === undefined) return null;
  // A cut or broken surrogate pair is not valid UTF-8.
  return text.slice(0, maxLength).replaceAll("\0", "").toWellFormed();
}
