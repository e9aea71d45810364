import "@/tests/config/environment";

import { beforeEach, expect, test } from "vitest";
import { prisma } from "@/server/db/prisma";
import { query } from "@/server/db/sql";
import { sha256 } from "@/server/secret";
import { readCallersByHash } from "@/server/state/callers";
import { globalLimits, reloadGlobalLimits } from "@/server/state/limits-global";
import { readLimits } from "@/server/state/limits-kinds";
import { applyDocument as apply, clearDatabase, installation } from "@/tests/config/installation";

installation();
beforeEach(clearDatabase);

const none = readLimits({});
const key = { name: "dev", key: "condt_0123456789abcdef" };

async function changes(): Promise<bigint> {
  const [row] = await query<{ value: string }>("SELECT value::text FROM conduit_change");
  return BigInt(row?.value ?? 0);
}

test("limits of the key, its models and its group are what a caller comes under", async () => {
  const limits = { rpm: 1, rph: 2, rpd: 3, tpm: 4, tpd: 5, concurrent: 6 };
  const document = {
    groups: [{ name: "team", limits: { rpd: 7 } }],
    virtualKeys: [{ ...key, group: "team", limits, modelLimits: [{ model: "gpt-*", tpd: 8 }] }],
  };
  await apply(document);
  const caller = (await readCallersByHash([sha256(key.key)])).get(sha256(key.key));
  expect(caller).toMatchObject({
    limits,
    groupLimits: { ...none, rpd: 7 },
    modelLimits: [{ ...none, model: "gpt-*", tpd: 8 }],
  });
  expect((await apply(document)).updated).toEqual([]);
  expect((await apply({ ...document, groups: [{ name: "team" }] })).updated).toEqual(["group team"]);
});

test("a key without a group has no limits of one, and a list that cannot be read is none", async () => {
  await apply({ virtualKeys: [key] });
  await query(`UPDATE virtual_key SET model_limits = '[{"rpm": 1}]'`);
  const caller = (await readCallersByHash([sha256(key.key)])).get(sha256(key.key));
  expect(caller).toMatchObject({ limits: none, groupLimits: none, modelLimits: [] });
});

test("limits of the gateway come and go with the file, and each change is announced", async () => {
  const before = await changes();
  expect((await apply({ limits: { rpm: 600 } })).updated).toEqual(["limits of the gateway"]);
  expect(await changes()).toBe(before + 1n);
  await reloadGlobalLimits();
  expect(globalLimits()).toEqual({ ...none, rpm: 600 });
  expect((await apply({ limits: { rpm: 600 } })).updated).toEqual([]);
  await apply({ limits: { rpm: 600, tpm: 5 } });
  await apply({});
  expect(await changes()).toBe(before + 3n);
  await reloadGlobalLimits();
  expect(globalLimits()).toEqual(none);
  const audit = await prisma().auditEntry.findMany({ where: { noun: "limits" }, orderBy: { at: "asc" } });
  expect(audit.map(({ detail }) => detail)).toEqual([
    { rpm: { from: null, to: 600 } },
    { tpm: { from: null, to: 5 } },
    { rpm: { from: 600, to: null }, tpm: { from: 5, to: null } },
  ]);
});

test("limits that were not set by the file stay when it says none", async () => {
  await prisma().setting.create({ data: { name: "limits", value: { rpm: 5 } } });
  await apply({});
  await reloadGlobalLimits();
  expect(globalLimits()).toEqual({ ...none, rpm: 5 });
});
