import { z } from "zod";
import { GatewayError } from "@/server/errors";
import type { Rates } from "@/server/money";
import { lineRates, linesOfRates, type PriceLine, ratesOfLines } from "@/server/state/price-lines";

/** A price of a deployment as files have it: the deployment by its names. */
export type PriceEntry = {
  readonly model: string;
  readonly provider: string;
  readonly upstreamModel: string;
  /** Undefined = from now on. */
  readonly effectiveFrom: Date | undefined;
  readonly source: string;
  readonly rates: Rates;
};

export type PriceFormat = "json" | "csv";

const Line = z.strictObject({
  rate: z.enum(lineRates),
  value: z.string(),
  above: z.int().min(0).optional(),
  size: z.string().optional(),
  quality: z.string().optional(),
  resolution: z.string().optional(),
  tier: z.string().optional(),
});

const FileEntry = z.strictObject({
  model: z.string().min(1),
  provider: z.string().min(1),
  upstreamModel: z.string().min(1),
  effectiveFrom: z.iso.datetime({ offset: true }).optional(),
  source: z.string().default("own"),
  rates: z.array(Line).min(1),
});

/** Prices as the text of a file: JSON, or CSV with a line for each rate. */
export function priceFile(entries: readonly PriceEntry[], format: PriceFormat): string {
  const written = entries.map(({ rates, effectiveFrom, ...entry }) => ({
    ...entry,
    effectiveFrom: effectiveFrom?.toISOString(),
    rates: linesOfRates(rates),
  }));
  if (format === "json") return `${JSON.stringify(written, null, 2)}\n`;
  const rows = written.flatMap((entry) =>
    entry.rates.map((line) => columns.map((column) => cell(entry, line, column))),
  );
  return [columns, ...rows].map((row) => `${row.map(quoted).join(",")}\r\n`).join("");
}

/** The prices in a file's text. Throws `invalid_request` that says where it is at fault. */
export function readPriceFile(text: string, format: PriceFormat): PriceEntry[] {
  const parsed = z.array(FileEntry).safeParse(format === "json" ? json(text) : csvEntries(text));
  if (!parsed.success) throw refused(z.prettifyError(parsed.error));
  return parsed.data.map(({ rates, effectiveFrom, ...entry }) => ({
    ...entry,
    effectiveFrom: effectiveFrom === undefined ? undefined : new Date(effectiveFrom),
    rates: ratesOfLines(rates),
  }));
}

const entryColumns = ["model", "provider", "upstreamModel", "effectiveFrom", "source"] as const;
const lineColumns = ["rate", "above", "size", "quality", "resolution", "tier", "value"] as const;
const columns = [...entryColumns, ...lineColumns] as const;

function cell(
  entry: Partial<Record<(typeof entryColumns)[number], string | undefined>>,
  line: PriceLine,
  column: (typeof columns)[number],
): string {
  const value = isEntryColumn(column) ? entry[column] : line[column];
  return value === undefined ? "" : String(value);
}

function isEntryColumn(column: (typeof columns)[number]): column is (typeof entryColumns)[number] {
  return entryColumns.some((one) => one === column);
}

/** As RFC 4180 has it. */
function quoted(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refused("The text is not valid JSON.", cause);
  }
}

/** Lines that follow each other and agree on the deployment and the moment are one price. */
function csvEntries(text: string): unknown[] {
  const [head, ...rows] = csvRows(text.replace(/^\uFEFF/, ""));
  const unknown = head?.find((name) => !columns.some((column) => column === name));
  if (!head || unknown !== undefined) throw refused(`The first line names the columns: ${columns.join(",")}.`);
  const entries: (Record<string, unknown> & { place: string; rates: object[] })[] = [];
  for (const row of rows) {
    const fields = Object.fromEntries(head.map((name, at) => [name, row[at] ?? ""]));
    const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ""));
    const { rate, value, size, quality, resolution, tier, above, ...entry } = given;
    const line = { rate, value, size, quality, resolution, tier, ...(above !== undefined && { above: Number(above) }) };
    const place = JSON.stringify(entry);
    const last = entries.at(-1);
    if (last?.place === place) last.rates.push(line);
    else entries.push({ ...entry, place, rates: [line] });
  }
  return entries.map(({ place: _, ...entry }) => entry);
}

function csvRows(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  // A cell, plain or in quotes, and what ends it.
  const cells = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/gy;
  while (cells.lastIndex < text.length) {
    const at = cells.lastIndex;
    const match = cells.exec(text);
    if (!match) throw refused(`A quote is missing or too many after character ${at}.`);
    row.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    if (match[3] === ",") continue;
    if (row.some((one) => one !== "")) rows.push(row);
    row = [];
  }
  if (row.length > 0) rows.push(row);
  return rows;
}

function refused(message: string, cause?: unknown): GatewayError {
  return new GatewayError("invalid_request", message, { param: "text", cause });
}
