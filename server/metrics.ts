import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { singleton } from "@/server/singleton";

/** The process's metrics in Prometheus form. Labels are bounded: names that an admin chose, never a caller's text. */
export const metrics = singleton("metrics", () => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const labels = ["operation", "model", "provider", "status"] as const;
  return {
    registry,
    calls: new Counter({
      name: "conduit_calls_total",
      help: "Finished calls.",
      labelNames: labels,
      registers: [registry],
    }),
    duration: new Histogram({
      name: "conduit_call_duration_seconds",
      help: "From the request to the last byte of the answer.",
      labelNames: ["operation", "provider"],
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120],
      registers: [registry],
    }),
    firstToken: new Histogram({
      name: "conduit_first_token_seconds",
      help: "From the request to the first token of a stream.",
      labelNames: ["provider"],
      buckets: [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
      registers: [registry],
    }),
    tokens: new Counter({
      name: "conduit_tokens_total",
      help: "Tokens by direction.",
      labelNames: ["direction", "model", "provider"],
      registers: [registry],
    }),
    cost: new Counter({
      name: "conduit_cost_usd_total",
      help: "Cost of priced calls in US dollars.",
      labelNames: ["model", "provider"],
      registers: [registry],
    }),
    open: new Gauge({ name: "conduit_open_calls", help: "Calls under way.", registers: [registry] }),
  };
});
