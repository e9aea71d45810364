import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testApi } from "@/tests/api/support";
import { purseOf, written } from "@/tests/money/ledger-fixture";

const api = testApi();
const folder = mkdtempSync(join(tmpdir(), "conduit-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

const root = join(import.meta.dirname, "../..");
type Ended = { code: number; out: string; err: string };

/** Runs a command on this test's database, from the sources. */
function conduit(...args: string[]): Promise<Ended> {
  const tsx = join(root, "node_modules/tsx/dist/cli.mjs");
  return new Promise((resolve) => {
    execFile(process.execPath, [tsx, "cli/conduit.ts", ...args], { cwd: root }, (error, out, err) => {
      resolve({ code: typeof error?.code === "number" ? error.code : error ? -1 : 0, out, err });
    });
  });
}

let deploymentId: string;
beforeAll(async () => {
  const { budgets, deployments, keys, models, providers } = api.as();
  const provider = await providers.create({ name: "vendor", type: "openai", keys: [{ name: "k", apiKey: "sk-x" }] });
  const model = await models.create({ name: "priced" });
  const placed = { modelId: model.id, providerId: provider.id };
  deploymentId = (await deployments.create({ ...placed, upstreamModel: "gpt-4o" })).id;
  await deployments.create({ ...placed, upstreamModel: "of-our-own" });
  const key = await keys.create({ name: "spender" });
  const budget = await budgets.create({ keyId: key.id, period: "total", limitUsd: "100" });
  const purses = [await purseOf(api, budget.id, new Date(0))];
  const price = (await api.as().prices.list({ deploymentId }))[0];
  await written({
    request_id: "req_explained",
    key_id: key.id,
    deployment_id: deploymentId,
    price_id: price?.id,
    input_tokens: 200,
    cached_input_tokens: 801,
    output_tokens: 14,
    reasoning_tokens: 64,
    upstream_model: "gpt-4o",
    // 200 at $2.50, 801 at $1.25 and 78 at $10 per million: 500,000 + 1,001,250 + 780,000
    cost_nano: "2281250",
    purses,
  });
});

test("the check of totals says what is wrong, and its exit code says that something is", async () => {
  const right = await conduit("ledger", "verify");
  expect(right).toMatchObject({ code: 0, err: "" });
  expect(right.out).toContain("1 calls and 0 adjustments, $0.00228125 in all.");
  await api.sql.query("UPDATE purse SET spent_nano = spent_nano + 1");
  const wrong = await conduit("ledger", "verify");
  expect(wrong.code).toBe(1);
  expect(wrong.out).toContain("spent_nano is $0.002281251, its rows add up to $0.00228125 ($0.000000001 too much)");
  const json = await conduit("ledger", "verify", "--json");
  expect(JSON.parse(json.out)).toMatchObject({ differences: [{ total: "budget", kept: "2281251", rows: "2281250" }] });
  await api.sql.query("UPDATE purse SET spent_nano = spent_nano - 1");
});

test("a call's cost is explained line by line", async () => {
  const { code, out } = await conduit("prices", "explain", "req_explained");
  expect(code).toBe(0);
  expect(out.split("\n").slice(1)).toEqual([
    "priced by vendor/gpt-4o",
    "Price version 1 (library)",
    "  input: 200 x $2.5 per 1000000 = $0.0005",
    "  cachedInput: 801 x $1.25 per 1000000 = $0.00100125",
    "  output: 14 x $10 per 1000000 = $0.00014",
    "  reasoning: 64 x $10 per 1000000 = $0.00064",
    "Cost: $0.00228125",
    "",
  ]);
  expect(await conduit("prices", "explain", "req_of_nobody")).toMatchObject({ code: 3, out: "" });
});

test.each(["csv", "json"])("prices go out as %s and come back as they were", async (format) => {
  const file = join(folder, `prices.${format}`);
  expect(await conduit("prices", "export", "--out", file)).toMatchObject({ code: 0, err: "" });
  expect((await conduit("prices", "import", file)).out).toBe("0 prices added, 2 are as they were.\n");
  const before = readFileSync(file, "utf8");
  const value = format === "csv" ? "11.000000001" : "12.000000001";
  // The second time it is the own price of the first that is exported.
  const dearer = before.replace(
    format === "csv" ? ",10\r" : '"11.000000001"',
    format === "csv" ? `,${value}\r` : `"${value}"`,
  );
  expect(dearer).not.toBe(before);
  // A price that was in force from an earlier moment on is followed by one from now on.
  const moment = /20\d\d-[\d-]+T[\d:.]+Z/g;
  writeFileSync(file, dearer.replaceAll(moment, new Date().toISOString()));
  expect((await conduit("prices", "import", file)).out).toBe("1 prices added, 1 are as they were.\n");
  const [newest] = await api.as().prices.list({ deploymentId });
  expect(newest).toMatchObject({ source: "own", inForce: true });
  expect(newest?.rates).toContainEqual({ rate: "output", value });
});

test("calls are priced again only with --apply", async () => {
  const from = new Date(Date.now() - 3_600_000).toISOString();
  const to = new Date(Date.now() + 3_600_000).toISOString();
  await api.as().prices.create({ deploymentId, effectiveFrom: from, rates: [{ rate: "output", value: "1" }] });
  const range = ["ledger", "rerate", "--from", from, "--to", to];
  const dry = await conduit(...range);
  expect(dry.out).toContain("1 calls looked at, 1 would change: $-0.00220325 in all.");
  expect((await conduit(...range, "--apply")).out).toContain("1 changed: $-0.00220325 in all.");
  expect((await conduit(...range, "--apply")).out).toContain("0 changed: $0 in all.");
  expect((await conduit("ledger", "verify")).code).toBe(0);
});

test("wrong arguments are told apart, and help is given", async () => {
  expect((await conduit()).out).toContain("ledger verify");
  expect((await conduit("bake")).code).toBe(2);
  expect((await conduit("ledger", "verify", "--bake")).code).toBe(2);
  expect((await conduit("ledger", "rerate", "--from", "soon")).code).toBe(2);
});
