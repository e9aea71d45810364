import "@/tests/config/environment";

import { rmSync } from "node:fs";
import { beforeEach, expect, test } from "vitest";
import { ConfigError } from "@/server/config/config-error";
import { configPath } from "@/server/config/load";
import { applyConfigIfChanged } from "@/server/config/start";
import { query } from "@/server/db/sql";
import { clearDatabase, installation, snapshot, writeConfig } from "@/tests/config/installation";

installation();
beforeEach(clearDatabase);

const document = {
  providers: [{ name: "openai", type: "openai", keys: [{ apiKey: ["$", "{TEST_VENDOR_KEY}"].join("") }] }],
  models: [{ name: "fast", deployments: [{ provider: "openai", model: "gpt-4o-mini" }] }],
};

test("a file is applied once, and again when it or a variable in it changes", async () => {
  process.env.TEST_VENDOR_KEY = "sk-one";
  writeConfig(document);
  expect((await applyConfigIfChanged())?.created).toHaveLength(4);
  const before = await snapshot();
  expect(await applyConfigIfChanged()).toBeUndefined();
  // Written differently, it still says the same.
  writeConfig(JSON.stringify(document, null, 4));
  expect(await applyConfigIfChanged()).toBeUndefined();
  expect(await snapshot()).toEqual(before);
  process.env.TEST_VENDOR_KEY = "sk-two";
  expect((await applyConfigIfChanged())?.updated).toEqual(["provider-key openai/main"]);
});

test("deployments without a price have the library's when the application is over", async () => {
  process.env.TEST_VENDOR_KEY = "sk-one";
  writeConfig(document);
  await applyConfigIfChanged();
  expect(await query("SELECT version, source, rates FROM price")).toEqual([
    {
      version: 1,
      source: "library",
      rates: { input: 150_000_000, cachedInput: 75_000_000, output: 600_000_000, webSearch: 10_000_000 },
    },
  ]);
});

test("nothing that is kept to tell a change reveals a secret", async () => {
  process.env.TEST_VENDOR_KEY = "sk-one-that-nobody-may-see";
  writeConfig(document);
  await applyConfigIfChanged();
  expect(JSON.stringify(await query("SELECT * FROM setting"))).not.toContain("sk-one");
});

test("a file that was asked for must exist", async () => {
  rmSync(configPath(), { force: true });
  await expect(applyConfigIfChanged()).rejects.toThrow(ConfigError);
  await expect(applyConfigIfChanged()).rejects.toThrow(/CONDUIT_CONFIG names this file, but it does not exist/);
});
