import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { audit, inChange, inSnapshot, withDatabase } from "@/cli/database";
import { runOnPool } from "@/server/db/run";
import { type CostLine, usdText } from "@/server/money";
import { type Explained, explainCall } from "@/server/state/explain";
import { importPrices, storedPrices } from "@/server/state/price-exchange";
import { type PriceFormat, priceFile, readPriceFile } from "@/server/state/price-file";
import { refreshLibraryPrices } from "@/server/state/prices";

/** `prices explain`, `export`, `import` and `refresh`. Gives the exit code. */
export function prices([verb, ...args]: string[]): Promise<number> {
  if (verb === "explain") return explain(args);
  if (verb === "export") return exportAll(args);
  if (verb === "import") return importFile(args);
  if (verb === "refresh") return refresh();
  throw new TypeError("Say what to do with prices: explain, export, import or refresh.");
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

async function explain(args: string[]): Promise<number> {
  const [given] = parseArgs({ args, allowPositionals: true }).positionals;
  if (given === undefined) throw new TypeError("Give the id of a call, or the x-request-id of its answer.");
  const found = await withDatabase(
    async () =>
      (await explainCall(runOnPool, { requestId: given })) ??
      (UUID.test(given) ? await explainCall(runOnPool, { id: given }) : undefined),
  );
  if (!found) throw new Error(`There is no call ${given} in the ledger.`);
  process.stdout.write(explanationOf(found));
  return 0;
}

function explanationOf(call: Explained): string {
  const { price, costNano, netNano, adjustments, lines } = call;
  const head = [
    `Call ${call.id} (${call.requestId}) at ${call.startedAt.toISOString()}`,
    `${call.model} by ${call.providerName}/${call.upstreamModel}`,
    price ? `Price version ${price.version} (${price.source})` : "No price is known for it.",
  ];
  const sum = costNano === null ? "unknown" : `$${usdText(costNano)}`;
  const changes = adjustments.map(
    ({ at, kind, deltaNano, reason, actor }) =>
      `  ${at.toISOString()} ${kind} $${usdText(deltaNano)} by ${actor}: ${reason}`,
  );
  const net = changes.length > 0 ? [`With adjustments: ${netNano === null ? "unknown" : `$${usdText(netNano)}`}`] : [];
  return `${[...head, ...lines.map(lineText), `Cost: ${sum}`, ...changes, ...net].join("\n")}\n`;
}

function lineText({ what, quantity, per, rateNano, permille, amountNano }: CostLine): string {
  const unit = per === 1 ? "each" : `per ${per}`;
  const factor = permille === 1_000 ? "" : ` x ${permille / 1_000}`;
  return `  ${what}: ${quantity} x $${usdText(BigInt(rateNano))} ${unit}${factor} = $${usdText(amountNano)}`;
}

async function exportAll(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { format: { type: "string" }, all: { type: "boolean", default: false }, out: { type: "string" } },
  });
  const format = formatOf(values.format ?? values.out ?? "json");
  const entries = await withDatabase(() => inSnapshot((run) => storedPrices(run, values.all ? "all" : "current")));
  const text = priceFile(entries, format);
  if (values.out === undefined) process.stdout.write(text);
  else writeFileSync(values.out, text);
  return 0;
}

async function importFile(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { format: { type: "string" } } });
  const [path] = positionals;
  if (path === undefined) throw new TypeError("Give the file to read.");
  const entries = readPriceFile(readFileSync(path, "utf8"), formatOf(values.format ?? path));
  const imported = await withDatabase(() =>
    inChange(async (run) => {
      const done = await importPrices(run, entries);
      if (done.added > 0) await audit(run, { action: "import", noun: "price", detail: { ...done } });
      return done;
    }),
  );
  process.stdout.write(`${imported.added} prices added, ${imported.unchanged} are as they were.\n`);
  return 0;
}

async function refresh(): Promise<number> {
  const added = await withDatabase(async () => {
    const count = await refreshLibraryPrices();
    await inChange((run) => audit(run, { action: "refresh", noun: "price", detail: { added: count } }));
    return count;
  });
  process.stdout.write(`${added} prices were added from the price library.\n`);
  return 0;
}

/** From a format's name, or the ending of a file's. */
function formatOf(text: string): PriceFormat {
  if (/(^|\.)csv$/i.test(text)) return "csv";
  if (/(^|\.)json$/i.test(text)) return "json";
  throw new TypeError(`"${text}" is neither csv nor json: say which with --format.`);
}
