import { type Call, elapsedMs } from "@/server/gateway/call";
import { settleLimits } from "@/server/gateway/model-limits";
import { spared } from "@/server/gateway/other-models";
import { endTrace } from "@/server/gateway/trace";
import { log } from "@/server/log";
import { countCall } from "@/server/metrics";
import { costOf, type NanoUsd } from "@/server/money";
import { settleHold } from "@/server/state/budgets";
import { type CatalogPrice, priceAt } from "@/server/state/catalog";
import { addToLedger } from "@/server/state/ledger";
import { callClosed } from "@/server/state/open-calls";
import { noteUnpriced } from "@/server/state/unpriced";
import { inputTokens, noUsage, outputTokens, sumUsage, type Usage } from "@/server/wire/usage";

/** What a call cost, and under which price; undefined when tokens were used and no price is known for them. */
export function costOfCall(call: Call): { nano: NanoUsd; price: CatalogPrice | undefined } | undefined {
  const deployment = call.target?.deployment;
  const price = deployment && priceAt(deployment, call.startedAtMs);
  const usage = call.usage ?? call.estimate;
  if (!usage) return { nano: call.spentBefore, price };
  return price && { nano: costOf(usage, price.rates) + call.spentBefore, price };
}

/** The tokens of all attempts that a vendor bills. */
function usageOfCall({ usage, estimate, usedBefore }: Call): Usage {
  const last = usage ?? estimate ?? noUsage;
  return usedBefore ? sumUsage(usedBefore.usage, last) : last;
}

/**
 * Closes a call, exactly once whatever its end: what it held is given back, it is counted and goes into the ledger. Where it gives a
 * promise, the answer's last byte must wait for it.
 */
export function settle(call: Call, status: number): Promise<void> | undefined {
  if (call.settled) return undefined;
  call.settled = true;
  callClosed(call);
  endTrace(call, status);
  const durationMs = elapsedMs(call);
  const usage = usageOfCall(call);
  settleLimits(call, inputTokens(usage) + outputTokens(usage));
  const cost = costOfCall(call);
  if (!cost) noteUnpriced(call.model ?? "");
  const spent = call.hold && settleHold(call.hold, cost?.nano ?? 0n, spared(call));
  count(call, { status, durationMs, usage, cost: cost?.nano });
  const { target, caller, inbound } = call;
  // Nobody's call costs nobody anything: whoever has no key must not be able to fill the ledger.
  if (!caller) return undefined;
  // Zeros, nulls and empty lists are left out: they are what a column holds without a word.
  return addToLedger({
    id: call.id,
    started_at: isoTime(call.startedAtMs),
    request_id: call.requestId,
    key_id: caller.keyId,
    key_name: caller.keyName,
    group_id: caller.groupId ?? undefined,
    group_name: caller.groupName ?? undefined,
    model: storable(call.model, 200),
    deployment_id: target?.deployment?.id,
    provider_id: target?.provider.id,
    provider_name: target?.provider.name,
    provider_key_name: target?.key?.name,
    upstream_model: storable(target?.upstreamModel, 200),
    operation: call.operation,
    dialect: call.dialect.id,
    stream: call.stream || undefined,
    status,
    error_kind: call.failure?.kind,
    error_message: storable(call.failure?.message, 1_000),
    finish_reason: storable(call.finishReason, 100),
    attempts: call.attempts || undefined,
    input_tokens: usage.input || undefined,
    cached_input_tokens: usage.cachedInput || undefined,
    cache_write_tokens: usage.cacheWrite || undefined,
    cache_write_1h_tokens: usage.cacheWrite1h || undefined,
    output_tokens: usage.output || undefined,
    reasoning_tokens: usage.reasoning || undefined,
    audio_input_tokens: usage.audioInput || undefined,
    audio_output_tokens: usage.audioOutput || undefined,
    estimated: (!call.usage && call.estimate !== undefined) || call.usedBefore?.estimated || undefined,
    cost_nano: cost?.nano.toString(),
    price_id: cost?.price?.id,
    first_token_ms: call.firstTokenMs,
    duration_ms: durationMs,
    client_ip: inbound.ip || undefined,
    user_agent: storable(inbound.headers["user-agent"], 300),
    tags: caller.tags.length > 0 ? caller.tags : undefined,
    trace: call.trace.length > 1 || call.failure ? call.trace : undefined,
    purses: spent && spent.purses.length > 0 ? spent.purses : undefined,
    unnamed: spent && spent.unnamed.length > 0 ? spent.unnamed : undefined,
    saved_nano: call.savedNano?.toString(),
    units: unitsOf(usage),
    dropped: call.dropped.length > 0 ? call.dropped.map((name) => storable(name, 100) ?? "") : undefined,
  });
}

/** What was used beside tokens. */
function unitsOf({ searchUnits, webSearches }: Usage): Record<string, number> | undefined {
  if (searchUnits === undefined && webSearches === undefined) return undefined;
  return { ...(searchUnits !== undefined && { searchUnits }), ...(webSearches !== undefined && { webSearches }) };
}

let second = Number.NaN;
let secondText = "";

/** ISO 8601 with milliseconds; the date and time of a second are worked out once. */
function isoTime(ms: number): string {
  const rest = ms % 1_000;
  if (ms - rest !== second) {
    second = ms - rest;
    secondText = new Date(second).toISOString().slice(0, -4);
  }
  return `${secondText}${String(rest).padStart(3, "0")}Z`;
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
function storable(text: string | undefined, maxLength: number): string | undefined {
  if (text === undefined) return undefined;
  const cut = text.length > maxLength ? text.slice(0, maxLength) : text;
  // A cut or broken surrogate pair is not valid UTF-8.
  return PLAIN.test(cut) ? cut : cut.replaceAll("\0", "").toWellFormed();
}

const PLAIN = /^[\x20-\x7e]*$/;
