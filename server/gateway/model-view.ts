import type { CallTarget } from "@/server/gateway/call";
import { type Rates, rateFor, usdText } from "@/server/money";
import { abilitiesOf } from "@/server/state/capabilities";
import { type CatalogPrice, priceAt } from "@/server/state/catalog";
import type { Capability } from "@/server/wire/capabilities";

/** A model as OpenAI lists it, and in `conduit` what else is known of it; null is not known. */
export type ModelView = {
  readonly id: string;
  readonly object: "model";
  /** Seconds since 1970. */
  readonly created: number;
  readonly owned_by: string;
  readonly conduit: {
    readonly capabilities: Readonly<Partial<Record<Capability, boolean | null>>>;
    /** In tokens. */
    readonly context_window: number | null;
    readonly max_output_tokens: number | null;
    /** Of the deployment that is asked first. */
    readonly prices: PricesView | null;
    readonly provider_types: readonly string[];
  };
};

type PricesView = {
  readonly currency: "USD";
  /** Dollars as decimal text, by class of tokens; a class that is missing costs what the class costs that it is part of. */
  readonly per_million_tokens: Readonly<Record<string, string>>;
  /** What holds for the whole call with more input tokens than `above_input_tokens`. */
  readonly tiers?: readonly {
    readonly above_input_tokens: number;
    readonly per_million_tokens: Readonly<Record<string, string>>;
  }[];
  readonly per_request?: string;
};

type Served = Pick<CallTarget, "provider" | "upstreamModel" | "deployment">;

/** What callers are told of the model that these deployments serve, the one asked first at the front. */
export async function modelView(
  id: string,
  { created, served }: { readonly created: number; readonly served: readonly Served[] },
  nowMs: number,
): Promise<ModelView> {
  const types = served.map(({ provider, upstreamModel }) => ({ type: provider.type, upstreamModel }));
  const { capabilities, contextWindow, maxOutputTokens } = await abilitiesOf(types);
  const deployment = served[0]?.deployment;
  const price = deployment && priceAt(deployment, nowMs);
  return {
    id,
    object: "model",
    created,
    owned_by: served[0]?.provider.name ?? "conduit",
    conduit: {
      capabilities: Object.fromEntries(capabilities),
      context_window: contextWindow,
      max_output_tokens: maxOutputTokens,
      prices: price ? pricesOf(price) : null,
      provider_types: [...new Set(types.map(({ type }) => type))],
    },
  };
}

const classes = [
  ["input", "input"],
  ["cachedInput", "cached_input"],
  ["cacheWrite", "cache_write"],
  ["cacheWrite1h", "cache_write_1h"],
  ["output", "output"],
  ["reasoning", "reasoning"],
  ["audioInput", "audio_input"],
  ["audioOutput", "audio_output"],
] as const satisfies readonly (readonly [keyof Rates, string])[];

/** A version of a price never changes, so its text is made once. */
const texts = new WeakMap<CatalogPrice, PricesView>();

function pricesOf(price: CatalogPrice): PricesView {
  const known = texts.get(price);
  if (known) return known;
  const { rates } = price;
  const above = classes.flatMap(([name]) => {
    const rate = rates[name];
    return typeof rate === "object" ? rate.tiers.map((tier) => tier.above) : [];
  });
  const tiers = [...new Set(above)]
    .sort((left, right) => left - right)
    .map((tokens) => ({ above_input_tokens: tokens, per_million_tokens: perMillion(rates, tokens + 1) }));
  const made: PricesView = {
    currency: "USD",
    per_million_tokens: perMillion(rates, 0),
    ...(tiers.length > 0 && { tiers }),
    ...(rates.request !== undefined && { per_request: usdText(BigInt(rates.request)) }),
  };
  texts.set(price, made);
  return made;
}

function perMillion(rates: Rates, inputTokens: number): Record<string, string> {
  const made: Record<string, string> = {};
  for (const [name, shown] of classes) {
    const rate = rates[name];
    if (rate !== undefined) made[shown] = usdText(BigInt(rateFor(rate, inputTokens)));
  }
  return made;
}
