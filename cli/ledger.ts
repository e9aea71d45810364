import { parseArgs } from "node:util";
import { audit, inChange, inSnapshot, withDatabase } from "@/cli/database";
import { usdText } from "@/server/money";
import { rerate as rerateCalls } from "@/server/state/rerate";
import { differenceText, type Verified, verifyLedger } from "@/server/state/verify";

/** `ledger verify` and `ledger rerate`. Gives the exit code. */
export function ledger([verb, ...args]: string[]): Promise<number> {
  if (verb === "verify") return verify(args);
  if (verb === "rerate") return rerate(args);
  throw new TypeError("Say what to do with the ledger: verify or rerate.");
}

async function verify(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { json: { type: "boolean", default: false } } });
  const verified = await withDatabase(() => inSnapshot(verifyLedger));
  process.stdout.write(values.json ? `${JSON.stringify(verified, textOfBigInt, 2)}\n` : reportOf(verified));
  return verified.differences.length === 0 ? 0 : 1;
}

function textOfBigInt(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

function reportOf({ calls, adjustments, costNano, since, unchecked, differences }: Verified): string {
  const lines = [`${calls} calls and ${adjustments} adjustments, $${usdText(costNano)} in all.`];
  if (since) {
    const rest = unchecked > 0 ? ` ${unchecked} budgets or balances begin earlier and were not checked.` : "";
    lines.push(`Rows are kept from ${since.toISOString()} on.${rest}`);
  }
  lines.push(...differences.map(differenceText));
  lines.push(
    differences.length === 0 ? "Every total is the sum of its rows." : `${differences.length} totals are wrong.`,
  );
  return `${lines.join("\n")}\n`;
}

async function rerate(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      from: { type: "string" },
      to: { type: "string" },
      model: { type: "string" },
      reason: { type: "string", default: "Corrected prices." },
      apply: { type: "boolean", default: false },
    },
  });
  const { model, reason, apply } = values;
  const from = moment(values.from, "--from");
  const to = moment(values.to, "--to");
  const rerated = await withDatabase(async () => {
    const done = await rerateCalls({ from, to, model, reason, actor: "cli", dryRun: !apply });
    const { changed, deltaNano } = done;
    const detail = { from, to, model: model ?? null, reason, changed, deltaUsd: usdText(deltaNano) };
    if (apply) await inChange((run) => audit(run, { action: "rerate", noun: "ledger", detail }));
    return done;
  });
  const { calls, changed, deltaNano, refunded, unpriced, models } = rerated;
  const lines = [
    `${calls} calls looked at, ${changed} ${apply ? "changed" : "would change"}: $${usdText(deltaNano)} in all.`,
    ...models.map((one) => `  ${one.model}: ${one.changed} calls, $${usdText(one.deltaNano)}`),
    ...(refunded > 0 ? [`${refunded} refunded calls stay as they are.`] : []),
    ...(unpriced > 0 ? [`${unpriced} calls still have no price.`] : []),
    ...(apply ? [] : ["Nothing was written. Add --apply to write it."]),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
  return 0;
}

function moment(text: string | undefined, option: string): Date {
  const at = new Date(text ?? Number.NaN);
  if (Number.isNaN(at.getTime())) throw new TypeError(`Give ${option} a time, such as 2027-01-31T00:00:00Z.`);
  return at;
}
