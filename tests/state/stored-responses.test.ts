import { randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { NewResponse } from "@/server/state/stored-responses";
import { type TestDatabase, testDatabase } from "@/tests/support/database";

type Store = typeof import("@/server/state/stored-responses");

let database: TestDatabase;
let store: Store;
let close: () => Promise<void>;
let sql: pg.Pool;

beforeAll(async () => {
  database = await testDatabase();
  // The environment is read once, when the first module asks: so nothing of the server is imported before this.
  Object.assign(process.env, { DATABASE_URL: database.url, CONDUIT_LOG_LEVEL: "silent" });
  store = await import("@/server/state/stored-responses");
  ({ closeDatabase: close } = await import("@/server/db/sql"));
  sql = new pg.Pool({ connectionString: database.url, max: 1 });
});

afterAll(async () => {
  await sql.end();
  await close();
  await database.stop();
});

const team = randomUUID();
const owner = { keyId: randomUUID(), groupId: team };
const colleague = { keyId: randomUUID(), groupId: team };
const stranger = { keyId: randomUUID(), groupId: randomUUID() };
const loner = { keyId: randomUUID(), groupId: null };

const item = (id: string, text: string) => ({ id, type: "message", role: "user", content: text });

function made(id: string, about: Partial<NewResponse> = {}): NewResponse {
  return {
    id,
    ...owner,
    providerId: null,
    deploymentId: null,
    native: false,
    model: "m",
    previousId: null,
    boundTokens: 10,
    input: [item(`${id}_in`, "question")],
    output: [item(`${id}_out`, "answer")],
    body: { id, object: "response" },
    ...about,
  };
}

describe("a stored response", () => {
  test("is there, as it was, when storing it is done", async () => {
    const odd = { text: "\0 and \ud800 and \\u0000", "key\0": 1.5e300 };
    const provider = randomUUID();
    await store.storeResponse(made("resp_a", { body: odd, native: true, providerId: provider, previousId: "resp_0" }));
    expect(await store.findResponse(owner, "resp_a")).toEqual({
      id: "resp_a",
      model: "m",
      providerId: provider,
      deploymentId: null,
      native: true,
      previousId: "resp_0",
      boundTokens: 10,
    });
    expect(await store.readResponse(owner, "resp_a")).toEqual({
      input: [item("resp_a_in", "question")],
      output: [item("resp_a_out", "answer")],
      body: odd,
    });
  });

  test("may be read, continued, referred to and deleted by its key and its key's group, by nobody else", async () => {
    await store.storeResponse(made("resp_own"));
    await store.storeResponse(made("resp_lone", loner));
    for (const other of [stranger, loner, { keyId: randomUUID(), groupId: null }]) {
      expect(await store.findResponse(other, "resp_own")).toBeNull();
      expect(await store.readResponse(other, "resp_own")).toBeNull();
      expect(await store.readConversation(other, "resp_own")).toBeNull();
      expect((await store.findItems(other, ["resp_own_out"])).size).toBe(0);
      expect(await store.deleteResponse(other, "resp_own")).toBe(false);
    }
    // Two keys without a group are not in the same one.
    expect(await store.findResponse({ keyId: randomUUID(), groupId: null }, "resp_lone")).toBeNull();
    expect(await store.findResponse(owner, "resp_lone")).toBeNull();
    expect(await store.readConversation(colleague, "resp_own")).toHaveLength(2);
    expect((await store.findItems(colleague, ["resp_own_out"])).get("resp_own_out")?.item.content).toBe("answer");
    expect(await store.deleteResponse(colleague, "resp_own")).toBe(true);
    expect(await store.findResponse(owner, "resp_own")).toBeNull();
  });

  test("stays whose it is when another tenant stores one with its id", async () => {
    await store.storeResponse(made("resp_taken"));
    await store.storeResponse(made("resp_taken", { ...stranger, output: [item("x", "other")] }));
    expect(await store.findResponse(stranger, "resp_taken")).toBeNull();
    expect((await store.readResponse(owner, "resp_taken"))?.output).toEqual([item("resp_taken_out", "answer")]);
  });

  test("continues others, oldest first; not where one of them is gone or another tenant's", async () => {
    await store.storeResponse(made("resp_1"));
    await store.storeResponse(made("resp_2", { previousId: "resp_1" }));
    await store.storeResponse(made("resp_3", { ...colleague, previousId: "resp_2" }));
    const ids = (await store.readConversation(owner, "resp_3"))?.map(({ id }) => id);
    expect(ids).toEqual(["resp_1_in", "resp_1_out", "resp_2_in", "resp_2_out", "resp_3_in", "resp_3_out"]);
    expect((await store.findResponse(owner, "resp_3"))?.boundTokens).toBe(30);
    await store.storeResponse(made("resp_thief", { ...stranger, previousId: "resp_2" }));
    expect(await store.readConversation(stranger, "resp_thief")).toBeNull();
    await store.deleteResponse(owner, "resp_1");
    expect(await store.readConversation(owner, "resp_3")).toBeNull();
    expect(await store.readConversation(owner, "resp_never")).toBeNull();
  });

  test("many at once are all there", async () => {
    const ids = Array.from({ length: 250 }, (_none, index) => `resp_many_${index}`);
    await Promise.all(ids.map((id) => store.storeResponse(made(id))));
    const { rows } = await sql.query("SELECT count(*)::int AS count FROM stored_response WHERE id LIKE 'resp_many_%'");
    expect(rows).toEqual([{ count: 250 }]);
  });

  test("is gone after thirty days", async () => {
    await store.storeResponse(made("resp_old"));
    const { rows } = await sql.query(
      "SELECT expires_at - created_at AS kept FROM stored_response WHERE id = 'resp_old'",
    );
    expect(rows[0].kept.days).toBe(30);
    await sql.query("UPDATE stored_response SET expires_at = now() - interval '1 second' WHERE id = 'resp_old'");
    expect(await store.findResponse(owner, "resp_old")).toBeNull();
    await store.dropExpiredResponses();
    const left = await sql.query("SELECT id FROM stored_response WHERE id = 'resp_old'");
    expect(left.rows).toEqual([]);
  });

  test("an id that no id can be finds nothing", async () => {
    for (const id of ["\0", "\ud800", "x".repeat(10_000)]) {
      expect(await store.findResponse(owner, id)).toBeNull();
      expect(await store.deleteResponse(owner, id)).toBe(false);
      expect((await store.findItems(owner, [id])).size).toBe(0);
    }
  });
});
