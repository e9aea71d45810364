import { expect, test } from "vitest";
import { adminIp, nobody, refused, testApi } from "@/tests/api/support";

const api = testApi();

test("a group keeps its balance to the nano-dollar", async () => {
  const { groups } = api.as();
  const made = await groups.create({ name: "team-a", externalId: "ext-1", balanceUsd: "100.000000001" });
  expect(made).toMatchObject({
    name: "team-a",
    externalId: "ext-1",
    balanceUsd: "100.000000001",
    keys: 0,
    managed: false,
  });
  const { rows } = await api.sql.query("SELECT balance_nano FROM key_group WHERE id = $1", [made.id]);
  expect(rows[0]?.balance_nano).toBe("100000000001");
  await groups.update({ id: made.id, balanceUsd: "0" });
  expect((await groups.get({ id: made.id })).balanceUsd).toBe("0");
  const cleared = await groups.update({ id: made.id, balanceUsd: null });
  expect(cleared).toMatchObject({ balanceUsd: null, externalId: "ext-1" });
});

test("a group has limits for all its keys together", async () => {
  const { groups } = api.as();
  const limits = { rpm: 1, rph: 2, rpd: 3, tpm: 4, tpd: 5, concurrent: 6 };
  const { id } = await groups.create({ name: "limited", limits });
  expect(await groups.update({ id, limits: { tpm: 40, concurrent: null } })).toMatchObject({
    ...limits,
    tpm: 40,
    concurrent: null,
  });
  expect(await groups.create({ name: "unlimited" })).toMatchObject({ rpm: null, tpd: null });
  await refused(groups.update({ id, limits: { rpm: 0 } }), "BAD_REQUEST", "limits.rpm");
});

test.each(["-1", "1e3", "1.0000000001", "", "abc", "1,5", "12345678901"])("%j is not a balance", async (balanceUsd) => {
  await refused(api.as().groups.create({ name: "no", balanceUsd }), "BAD_REQUEST", "balanceUsd");
});

test("a second group of the same name or external id is a conflict about that field", async () => {
  const { groups } = api.as();
  await groups.create({ name: "twin", externalId: "twin-1" });
  await refused(groups.create({ name: "twin" }), "CONFLICT", "name");
  await refused(groups.create({ name: "other", externalId: "twin-1" }), "CONFLICT", "externalId");
  const other = await groups.create({ name: "third" });
  await refused(groups.update({ id: other.id, name: "twin" }), "CONFLICT", "name");
});

test("a group with keys stays until they are gone", async () => {
  const { groups, keys } = api.as();
  const group = await groups.create({ name: "owner" });
  const key = await keys.create({ name: "owned", groupId: group.id });
  const error = await refused(groups.delete({ id: group.id }), "CONFLICT");
  expect(error.message).toContain("1 key");
  await keys.delete({ id: key.id });
  expect(await groups.delete({ id: group.id })).toEqual({ id: group.id, deleted: true });
  await refused(groups.get({ id: group.id }), "NOT_FOUND");
});

test("what conduit.json declares is read-only", async () => {
  const { groups } = api.as();
  const group = await groups.create({ name: "declared" });
  await api.sql.query("UPDATE key_group SET managed = true WHERE id = $1", [group.id]);
  const error = await refused(groups.update({ id: group.id, enabled: false }), "CONFLICT");
  expect(error.message).toContain("managed by conduit.json");
  await refused(groups.delete({ id: group.id }), "CONFLICT");
  expect(await groups.get({ id: group.id })).toMatchObject({ managed: true, enabled: true });
});

test("an unknown id is not found, and something that is no id is bad input", async () => {
  const { groups } = api.as();
  await refused(groups.get({ id: nobody }), "NOT_FOUND");
  await refused(groups.update({ id: nobody, name: "x" }), "NOT_FOUND");
  await refused(groups.delete({ id: nobody }), "NOT_FOUND");
  await refused(groups.get({ id: "1" }), "BAD_REQUEST", "id");
});

test("each change leaves an entry with who, from where, and what; a refused one leaves none", async () => {
  const before = (await api.audit("group")).length;
  const { groups } = api.as();
  const { id } = await groups.create({ name: "audited", balanceUsd: "5" });
  await groups.update({ id, name: "renamed", balanceUsd: "7.5" });
  await refused(groups.update({ id, name: "twin" }), "CONFLICT");
  await api.as({ actor: "backend-key" }).groups.delete({ id });
  const entries = (await api.audit("group")).slice(before);
  expect(entries.map(({ actor, action }) => [actor, action])).toEqual([
    ["admin", "create"],
    ["admin", "update"],
    ["backend-key", "delete"],
  ]);
  expect(entries[1]).toMatchObject({ object_id: id, name: "renamed", ip: adminIp });
  expect(entries[1]?.detail).toEqual({
    name: { from: "audited", to: "renamed" },
    balanceUsd: { from: "5", to: "7.5" },
  });
});
