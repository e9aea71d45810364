import "@/tests/config/environment";

import { appendFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { configPath } from "@/server/config/load";
import { applyConfigIfChanged } from "@/server/config/start";
import { configSignature, watchConfig } from "@/server/config/watch";
import { query } from "@/server/db/sql";
import { env } from "@/server/env";
import { log } from "@/server/log";
import { clearDatabase, installation, writeConfig } from "@/tests/config/installation";

installation();
let stop: () => void = () => undefined;

beforeEach(async () => {
  await clearDatabase();
  rmSync(configPath(), { force: true });
  writeConfig({ groups: [{ name: "one" }] });
  await applyConfigIfChanged();
  stop = watchConfig();
});
afterEach(() => {
  stop();
  vi.restoreAllMocks();
});

const groups = async () =>
  (await query<{ name: string }>("SELECT name FROM key_group ORDER BY name")).map(({ name }) => name);
const become = (names: string[], timeout = 2_000) => expect.poll(groups, { timeout, interval: 50 }).toEqual(names);

test("a file that is put in the place of the old one is applied", async () => {
  writeConfig({ groups: [{ name: "two" }] });
  await become(["two"]);
  writeConfig({ groups: [{ name: "two" }, { name: "three" }] });
  await become(["three", "two"]);
});

test("a change while the file was not watched is applied", async () => {
  stop();
  const before = configSignature();
  writeConfig({ groups: [{ name: "meanwhile" }] });
  stop = watchConfig(before);
  await become(["meanwhile"]);
});

test("what could not be applied, as with a database that is away, is tried again", async () => {
  const complaints = vi.spyOn(log, "error");
  await query("ALTER TABLE key_group RENAME TO key_group_away");
  try {
    writeConfig({ groups: [{ name: "late" }] });
    await expect.poll(() => complaints.mock.calls.length, { timeout: 3_000 }).toBeGreaterThan(0);
  } finally {
    await query("ALTER TABLE key_group_away RENAME TO key_group");
  }
  await become(["late"], 12_000);
}, 20_000);

test("a file that is written in pieces is applied when it is whole", async () => {
  const complaints = vi.spyOn(log, "error");
  writeFileSync(configPath(), '{ "groups": [');
  await sleep(50);
  appendFileSync(configPath(), '{ "name": "two" }');
  await sleep(50);
  appendFileSync(configPath(), "] }");
  await become(["two"]);
  expect(complaints).not.toHaveBeenCalled();
});

test("a bad file changes nothing, and the log tells every problem", async () => {
  const complaints = vi.spyOn(log, "error");
  writeConfig({ groups: [{ name: "two", balance: 5 }], virtualKeys: [{ name: "dev", key: "short" }] });
  await expect.poll(() => complaints.mock.calls.length).toBe(1);
  expect(complaints.mock.calls[0]?.[0]).toEqual({
    problems: [
      { path: "groups[0].balance", message: 'is not a known field; did you mean "balanceUsd"?' },
      { path: "virtualKeys[0].key", message: "must have at least 16 characters; it has 5" },
    ],
  });
  expect(await groups()).toEqual(["one"]);
  writeConfig({ groups: [{ name: "two" }] });
  await become(["two"]);
});

test("a file that is gone changes nothing until it is back", async () => {
  const warnings = vi.spyOn(log, "warn");
  rmSync(configPath());
  await expect.poll(() => warnings.mock.calls.length).toBe(1);
  expect(await groups()).toEqual(["one"]);
  writeConfig({ groups: [{ name: "two" }] });
  await become(["two"]);
});

test("a change that no event announces is found by looking", async () => {
  const elsewhere = join(env.dataDir, "elsewhere");
  mkdirSync(elsewhere, { recursive: true });
  writeFileSync(join(elsewhere, "conduit.json"), JSON.stringify({ groups: [{ name: "two" }] }));
  rmSync(configPath());
  symlinkSync(join(elsewhere, "conduit.json"), configPath());
  await become(["two"]);
  writeFileSync(join(elsewhere, "conduit.json"), JSON.stringify({ groups: [{ name: "three" }] }));
  await become(["three"], 7_000);
});

test("after the stop nothing is applied any more", async () => {
  stop();
  writeConfig({ groups: [{ name: "two" }] });
  await sleep(600);
  expect(await groups()).toEqual(["one"]);
});
