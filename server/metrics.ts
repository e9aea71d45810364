import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { singleton } from "@/server/singleton";

/** A finished call, as far as metrics tell of it. Labels are bounded: names that an admin chose, never a caller's text. */
export type CountedCall = {
  readonly operation: string;
  readonly model: string;
  readonly provider: string;
  readonly status: number;
  readonly durationMs: number;
  readonly firstTokenMs: number | undefined;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costNano: bigint;
};

/** Finished calls with the same labels, until they are counted: one after the other is several times cheaper than each amid other work. */
type Waiting = {
  readonly key: string;
  readonly labels: { operation: string; model: string; provider: string; status: number };
  /** Milliseconds. */
  readonly durations: number[];
  readonly firstTokens: number[];
  inputTokens: number;
  outputTokens: number;
  costNano: bigint;
};

/** Calls with the same labels that wait at most. */
const BATCH = 512;

type Counting = ReturnType<typeof createMetrics> & {
  readonly waiting: Map<string, Waiting>;
  /** The one that the last call was counted to: the next is often of the same kind. */
  last: Waiting | undefined;
};

const held = singleton("metrics", (): Counting => ({ ...createMetrics(), waiting: new Map(), last: undefined }));

/** Counts a call; it shows at the next scrape. */
export function countCall(call: CountedCall): void {
  const waiting = held.last && isOf(held.last, call) ? held.last : waitingFor(call);
  held.last = waiting;
  waiting.durations.push(call.durationMs);
  if (call.firstTokenMs !== undefined) waiting.firstTokens.push(call.firstTokenMs);
  waiting.inputTokens += call.inputTokens;
  waiting.outputTokens += call.outputTokens;
  waiting.costNano += call.costNano;
  if (waiting.durations.length < BATCH) return;
  count(waiting);
  held.waiting.delete(waiting.key);
  held.last = undefined;
}

function isOf({ labels }: Waiting, { operation, model, provider, status }: CountedCall): boolean {
  return (
    labels.model === model && labels.provider === provider && labels.status === status && labels.operation === operation
  );
}

function waitingFor({ operation, model, provider, status }: CountedCall): Waiting {
  const key = `${status} ${operation} ${provider}\n${model}`;
  let waiting = held.waiting.get(key);
  if (!waiting) {
    const labels = { operation, model, provider, status };
    waiting = { key, labels, durations: [], firstTokens: [], inputTokens: 0, outputTokens: 0, costNano: 0n };
    held.waiting.set(key, waiting);
  }
  return waiting;
}

/** Counts a call that two targets were asked for; `won` = the second one began its answer first. */
export function countHedge(won: boolean): void {
  held.hedges.inc({ won: won ? "second" : "first" });
}

/** Counts an event of a stream that was left out because nobody could read it. */
export function countMalformedEvent(): void {
  held.malformed.inc();
}

/** Counts a call that a limit refused. */
export function countRefusal({ scope, kind }: { readonly scope: string; readonly kind: string }): void {
  held.refusals.inc({ scope, limit: kind });
}

/** Counts a call whose limits were checked without Redis, or that was refused because they could not be. */
export function countOutage(policy: "memory" | "refuse"): void {
  held.outages.inc({ policy });
}

/** All metrics of this process in Prometheus form, with their content type. */
export async function exposition(openCalls: number): Promise<{ contentType: string; text: string }> {
  countWaiting();
  held.open.set(openCalls);
  return { contentType: held.registry.contentType, text: await held.registry.metrics() };
}

function countWaiting(): void {
  for (const waiting of held.waiting.values()) count(waiting);
  held.waiting.clear();
  held.last = undefined;
}

function count({ labels, durations, firstTokens, inputTokens, outputTokens, costNano }: Waiting): void {
  const { operation, model, provider } = labels;
  held.calls.inc(labels, durations.length);
  const duration = held.duration.labels({ operation, provider });
  for (const durationMs of durations) duration.observe(durationMs / 1000);
  const firstToken = held.firstToken.labels({ provider });
  for (const firstTokenMs of firstTokens) firstToken.observe(firstTokenMs / 1000);
  if (inputTokens > 0) held.tokens.inc({ direction: "input", model, provider }, inputTokens);
  if (outputTokens > 0) held.tokens.inc({ direction: "output", model, provider }, outputTokens);
  if (costNano > 0n) held.cost.inc({ model, provider }, Number(costNano) / 1e9);
}

function createMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    calls: new Counter({
      name: "conduit_calls_total",
      help: "Finished calls.",
      labelNames: ["operation", "model", "provider", "status"],
      registers,
    }),
    duration: new Histogram({
      name: "conduit_call_duration_seconds",
      help: "From the request to the last byte of the answer.",
      labelNames: ["operation", "provider"],
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
      registers,
    }),
    firstToken: new Histogram({
      name: "conduit_first_token_seconds",
      help: "From the request to the first token of a stream.",
      labelNames: ["provider"],
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers,
    }),
    tokens: new Counter({
      name: "conduit_tokens_total",
      help: "Tokens by direction.",
      labelNames: ["direction", "model", "provider"],
      registers,
    }),
    cost: new Counter({
      name: "conduit_cost_usd_total",
      help: "Cost of priced calls in US dollars.",
      labelNames: ["model", "provider"],
      registers,
    }),
    refusals: new Counter({
      name: "conduit_rate_limited_total",
      help: "Calls that a limit refused, by whose limit it was (global, group, key, model) and which.",
      labelNames: ["scope", "limit"],
      registers,
    }),
    outages: new Counter({
      name: "conduit_redis_outage_calls_total",
      help: "Calls that came while Redis was away: counted by this process alone (memory) or refused (refuse).",
      labelNames: ["policy"],
      registers,
    }),
    malformed: new Counter({
      name: "conduit_malformed_events_total",
      help: "Events of providers' streams that were left out because they could not be read.",
      registers,
    }),
    hedges: new Counter({
      name: "conduit_hedged_calls_total",
      help: "Streams that a second provider was asked for because the first was slow to begin, by which of them won.",
      labelNames: ["won"],
      registers,
    }),
    open: new Gauge({ name: "conduit_open_calls", help: "Calls under way.", registers }),
  };
}
