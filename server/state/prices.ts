import { hash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { ConditionalPrice, ModelInfo, ModelPrice } from "@pydantic/genai-prices";
import type { PoolClient } from "pg";
import { query, transaction } from "@/server/db/sql";
import { log } from "@/server/log";
import { nanoFromUsd, Rates } from "@/server/money";
import { providerType, providerTypes } from "@/server/providers/registry";

/** Version of `@pydantic/genai-prices` that is installed: another one has other prices, so everything is looked up again. */
export const LIBRARY_VERSION = "0.1.8";

/**
 * Our token classes and the library's keys. Both price the class that is named, and bill a class without a price of its
 * own as the one that it is part of; both choose a tier by all input tokens of the call, for the whole call.
 *
 * | ours           | library                 | unit there      |
 * | -------------- | ----------------------- | --------------- |
 * | `input`        | `input_mtok`            | USD per million |
 * | `cachedInput`  | `cache_read_mtok`       | USD per million |
 * | `cacheWrite`   | `cache_write_mtok`      | USD per million |
 * | `cacheWrite1h` | `cache_write_1h_mtok`   | USD per million |
 * | `output`       | `output_mtok`           | USD per million |
 * | `reasoning`    | `output_reasoning_mtok` | USD per million |
 * | `audioInput`   | `input_audio_mtok`      | USD per million |
 * | `audioOutput`  | `output_audio_mtok`     | USD per million |
 * | `request`      | `requests_kcount`       | USD per 1,000   |
 * | `webSearch`    | `web_searches_kcount`   | USD per 1,000   |
 */
const tokenKeys = {
  input_mtok: "input",
  cache_read_mtok: "cachedInput",
  cache_write_mtok: "cacheWrite",
  cache_write_1h_mtok: "cacheWrite1h",
  output_mtok: "output",
  output_reasoning_mtok: "reasoning",
  input_audio_mtok: "audioInput",
  output_audio_mtok: "audioOutput",
} as const satisfies Record<string, keyof Rates>;

/**
 * Keys without a class of ours that do not make the other rates wrong: what a vendor's own tools cost beside the tokens,
 * and cached audio, which upstreams count among the cached tokens. A model with any other key (images, video, hours,
 * pages …) stays unpriced, because its tokens would be billed too low.
 */
const harmless = /^(storage_searches_kcount|cache_audio_read_mtok)$/;

/** Transactions that add versions of prices take this lock. */
export const PRICES_LOCK = "conduit_prices";

/** Rates, and from when on they hold. */
export type DatedRates = { readonly from: Date; readonly rates: Rates };

/** What the library asks for an upstream's model at this moment; null when it does not know the vendor or the model. */
export async function libraryRates(priceLibraryId: string, upstreamModel: string): Promise<Rates | null> {
  const [current] = await librarySchedule(priceLibraryId, upstreamModel, new Date());
  return current?.rates ?? null;
}

/** What the library asks from `now` on, beginning with now and followed by announced changes; empty when it knows no price. */
export async function librarySchedule(
  priceLibraryId: string | undefined,
  upstreamModel: string,
  now: Date,
): Promise<DatedRates[]> {
  if (priceLibraryId === undefined) return [];
  // 20 MB and 90 ms: loaded when a price is looked up, not at every start.
  const { calcPrice } = await import("@pydantic/genai-prices");
  const found = calcPrice({}, upstreamModel, { providerId: priceLibraryId, timestamp: now });
  if (!found) return [];
  const moments = [now, ...changesAfter(found.model, now)];
  const schedule = moments.flatMap((from) => {
    const rates = ratesAt(found.model, from);
    return rates ? [{ from, rates }] : [];
  });
  // A schedule that begins later says nothing about now.
  return schedule[0]?.from === now ? merged(schedule) : [];
}

function changesAfter({ prices }: ModelInfo, now: Date): Date[] {
  const starts = conditional(prices).flatMap(({ constraint }) =>
    constraint?.type === "start_date" ? [new Date(constraint.start_date)] : [],
  );
  return starts.filter((start) => start > now).sort((left, right) => left.getTime() - right.getTime());
}

/**
 * The library's last entry that has started holds, and entries after it apply at certain hours of the day. Of those the
 * dearest is taken, so that a budget is never overrun by the clock.
 */
function ratesAt({ prices }: ModelInfo, at: Date): Rates | null {
  const entries = conditional(prices);
  const base = entries.findLastIndex(
    ({ constraint }) => !constraint || (constraint.type === "start_date" && new Date(constraint.start_date) <= at),
  );
  const choices = entries.filter(
    ({ constraint }, index) => index === Math.max(base, 0) || (index > base && constraint?.type === "time_of_date"),
  );
  const dearest = choices.toSorted((left, right) => weightOf(right.prices) - weightOf(left.prices))[0];
  return dearest ? toRates(dearest.prices) : null;
}

function conditional(prices: ModelInfo["prices"]): ConditionalPrice[] {
  return Array.isArray(prices) ? prices : [{ prices }];
}

function weightOf(prices: ModelPrice): number {
  return Object.values(prices).reduce<number>(
    (sum, price) => sum + (typeof price === "number" ? price : (price?.base ?? 0)),
    0,
  );
}

function toRates(prices: ModelPrice): Rates | null {
  const rates: Rates = {};
  for (const [key, price] of Object.entries(prices)) {
    if (price === undefined || harmless.test(key)) continue;
    if (key === "requests_kcount" && typeof price === "number") rates.request = Number(nanoFromUsd(price) / 1_000n);
    else if (key === "web_searches_kcount" && typeof price === "number")
      rates.webSearch = Number(nanoFromUsd(price) / 1_000n);
    else if (isTokenKey(key)) rates[tokenKeys[key]] = toRate(price);
    else return null;
  }
  return Object.keys(rates).length > 0 ? rates : null;
}

function isTokenKey(key: string): key is keyof typeof tokenKeys {
  return Object.hasOwn(tokenKeys, key);
}

function toRate(price: NonNullable<ModelPrice[string]>): NonNullable<Rates["input"]> {
  const nano = (usd: number): number => Number(nanoFromUsd(usd));
  if (typeof price === "number") return nano(price);
  const tiers = price.tiers.toSorted((left, right) => left.start - right.start);
  return { base: nano(price.base), tiers: tiers.map((tier) => ({ above: tier.start, rate: nano(tier.price) })) };
}

/**
 * Brings the price of each deployment that has none of its own up to the library's, as new versions; a price that the
 * library does not know stays as it is. Everything is looked up only when the library or the deployments changed since
 * the last time: otherwise this is one query. Returns how many rows were added.
 */
export async function ensureLibraryPrices(): Promise<number> {
  const { checked, wanted } = await readChecked();
  if (checked === wanted) return 0;
  return addMissingPrices(wanted);
}

/** As `ensureLibraryPrices`, but everything is looked up again whatever has changed. */
export async function refreshLibraryPrices(): Promise<number> {
  return addMissingPrices((await readChecked()).wanted);
}

async function addMissingPrices(checked: string): Promise<number> {
  const added = await transaction(async (client) => {
    const prices = await missingPrices(client);
    for (const price of prices) await insertPrice(client, price);
    await rememberChecked(client, checked);
    return prices.length;
    // Two processes that start together would both add the same version.
  }, PRICES_LOCK);
  if (added > 0) log.info({ added, library: LIBRARY_VERSION }, "Prices were taken from the price library.");
  return added;
}

type OpenPrice = { readonly from: string; readonly source: string; readonly rates: unknown };
type Deployment = { id: string; upstream_model: string; type: string; prices: OpenPrice[] };
type NewPrice = { readonly deploymentId: string } & DatedRates;

/** Each deployment with the price in force and those announced after it, by version. */
const WITH_PRICES = `
  SELECT d.id, d.upstream_model, p.type, coalesce(open.prices, '[]') AS prices
  FROM deployment d
  JOIN provider p ON p.id = d.provider_id
  LEFT JOIN LATERAL (
    SELECT jsonb_agg(jsonb_build_object('from', r.effective_from, 'source', r.source, 'rates', r.rates) ORDER BY r.version) AS prices
    FROM price r
    WHERE r.deployment_id = d.id AND r.version >= coalesce(
      (SELECT max(v.version) FROM price v WHERE v.deployment_id = d.id AND v.effective_from <= $1), 0)
  ) open ON true
  ORDER BY d.id`;

async function missingPrices(client: PoolClient): Promise<NewPrice[]> {
  const now = new Date();
  const { rows } = await client.query<Deployment>(WITH_PRICES, [now]);
  const missing: NewPrice[] = [];
  for (const row of rows) {
    if (row.prices.some(({ source }) => source === "own")) continue;
    const schedule = await librarySchedule(providerType(row.type)?.priceLibraryId, row.upstream_model, now);
    const held = heldSchedule(row.prices, now);
    const agrees = held.every((price, index) => isDeepStrictEqual(price, schedule[index]));
    const added = agrees ? schedule.slice(held.length) : schedule;
    missing.push(...added.map((price) => ({ deploymentId: row.id, ...price })));
  }
  return missing;
}

/** Rates that cannot be read count as none, as they do in the catalog, which says so in the log. */
const ReadableRates = Rates.catch({});

/** What rows say from `now` on: at each moment the newest version that has begun. */
function heldSchedule(rows: readonly OpenPrice[], now: Date): DatedRates[] {
  const dated = rows.map(({ from, rates }) => ({ from: new Date(from), rates: ReadableRates.parse(rates) }));
  const later = dated
    .map(({ from }) => from)
    .filter((from) => from > now)
    .sort((left, right) => left.getTime() - right.getTime());
  return merged(
    [now, ...later].flatMap((from) => {
      const row = dated.findLast((candidate) => candidate.from <= from);
      return row ? [{ from, rates: row.rates }] : [];
    }),
  );
}

/** Leaves out entries that change nothing. */
function merged(schedule: readonly DatedRates[]): DatedRates[] {
  return schedule.filter(({ rates }, index) => !isDeepStrictEqual(rates, schedule[index - 1]?.rates));
}

async function insertPrice(client: PoolClient, { deploymentId, from, rates }: NewPrice): Promise<void> {
  await client.query(
    `INSERT INTO price (id, deployment_id, version, effective_from, rates, source)
     SELECT gen_random_uuid(), $1, coalesce(max(version), 0) + 1, $2, $3, 'library' FROM price WHERE deployment_id = $1`,
    [deploymentId, from, JSON.stringify(rates)],
  );
}

/** The setting that says what the last look covered: a hash of the library's version, the vendors' ids and all deployments. */
const CHECKED = "prices:library";

async function readChecked(): Promise<{ checked: unknown; wanted: string }> {
  const [row] = await query<{ checked: unknown; deployments: string }>(
    `SELECT (SELECT value FROM setting WHERE name = $1) AS checked,
       md5(coalesce(string_agg(concat_ws(' ', d.id, p.type, d.upstream_model), chr(10) ORDER BY d.id), '')) AS deployments
     FROM deployment d JOIN provider p ON p.id = d.provider_id`,
    [CHECKED],
  );
  const vendors = [...providerTypes.values()].map(({ id, priceLibraryId }) => `${id}=${priceLibraryId}`).join(" ");
  return { checked: row?.checked, wanted: hash("sha256", `${LIBRARY_VERSION} ${vendors} ${row?.deployments}`) };
}

async function rememberChecked(client: PoolClient, value: string): Promise<void> {
  await client.query(
    `INSERT INTO setting (name, value, updated_at) VALUES ($1, $2, now())
     ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = now()`,
    [CHECKED, JSON.stringify(value)],
  );
}
