import { expect, test } from "vitest";
import { refused, testApi } from "@/tests/api/support";

const api = testApi();

test("entries come newest first, page by page, none twice and none left out", async () => {
  const { groups, audit } = api.as();
  for (let index = 0; index < 7; index++) await groups.create({ name: `g${index}` });
  // Within one millisecond the id decides.
  await api.sql.query("UPDATE audit_entry SET at = date_trunc('second', at)");
  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await audit.list({ limit: 3, ...(cursor !== undefined && { cursor }) });
    seen.push(...page.items.map((item) => item.id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  const { rows } = await api.sql.query<{ id: string }>("SELECT id FROM audit_entry ORDER BY at DESC, id DESC");
  expect(seen).toEqual(rows.map((row) => row.id));
  expect(seen.length).toBeGreaterThanOrEqual(7);
});

test("an entry says who, what and from where", async () => {
  const { id } = await api.as({ actor: "backend-key", ip: null }).groups.create({ name: "looked-at" });
  const { items } = await api.as().audit.list({ limit: 1 });
  expect(items).toMatchObject([
    { actor: "backend-key", action: "create", noun: "group", objectId: id, name: "looked-at", ip: null },
  ]);
  await refused(api.as().audit.list({ cursor: "?" }), "BAD_REQUEST", "cursor");
});

test("an entry is kept exactly when its change is", async () => {
  const { groups } = api.as();
  const { id } = await groups.create({ name: "kept" });
  await api.sql.query("ALTER TABLE audit_entry ADD CONSTRAINT no_more CHECK (action <> 'update') NOT VALID");
  await refused(groups.update({ id, name: "changed" }), "INTERNAL_SERVER_ERROR");
  await api.sql.query("ALTER TABLE audit_entry DROP CONSTRAINT no_more");
  expect((await groups.get({ id })).name).toBe("kept");
});

test("a failure that nobody foresaw tells nothing of the inside", async () => {
  await api.sql.query("ALTER TABLE key_group RENAME TO key_group_away");
  const error = await refused(api.as().groups.list(), "INTERNAL_SERVER_ERROR");
  const answer = await api.rest("GET", "/groups");
  await api.sql.query("ALTER TABLE key_group_away RENAME TO key_group");
  expect(error.message).toBe("Something went wrong. The server's log says what.");
  expect(answer.status).toBe(500);
  expect(await answer.json()).toEqual({
    error: { message: error.message, type: "api_error", param: null, code: "internal_server_error" },
  });
});
