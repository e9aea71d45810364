import { describe, expect, test } from "vitest";
import { z } from "zod";
import { backendKey, nobody, secrets, testApi } from "@/tests/api/support";

const api = testApi();
const Refusal = z.strictObject({
  error: z.strictObject({ message: z.string(), type: z.string(), param: z.string().nullable(), code: z.string() }),
});

async function refusal(answer: Response) {
  return { status: answer.status, ...Refusal.parse(await answer.json()).error };
}

describe("the backend key", () => {
  test.each([{ authorization: `Bearer ${backendKey}` }, { "x-api-key": backendKey }, { "x-master-key": backendKey }])(
    "opens as %j",
    async (headers) => {
      expect((await api.rest("GET", "/providers", { headers })).status).toBe(200);
    },
  );

  test.each([
    {},
    { authorization: "Bearer wrong" },
    { authorization: `Basic ${backendKey}` },
    { "x-api-key": "" },
    { "x-api-key": `${backendKey}x` },
    { "x-api-key": secrets.CONDUIT_ADMIN_LOGIN_PASSWORD },
    { cookie: "next-auth.session-token=x" },
  ])("stays shut for %j, on every path alike", async (headers) => {
    for (const path of ["/providers", "/nothing", `/models/${nobody}`]) {
      const answer = await api.rest("GET", path, { headers });
      expect(await refusal(answer)).toMatchObject({ status: 401, code: "unauthorized", type: "invalid_request_error" });
    }
    expect((await api.rest("POST", "/groups", { headers, text: "not json" })).status).toBe(401);
  });

  test("no virtual key is a backend key", async () => {
    const { key } = await api.as().keys.create({ name: "caller" });
    expect((await api.rest("GET", "/virtual-keys", { headers: { authorization: `Bearer ${key}` } })).status).toBe(401);
  });
});

test("a noun's life over REST: plain JSON, times as text, who did it in the audit", async () => {
  const made = await api.rest("POST", "/virtual-keys", {
    body: { name: "rest-key", expiresAt: "2099-01-31T12:00:00+01:00", budgets: [{ period: "month", limitUsd: "2.5" }] },
  });
  const { id, key } = z.strictObject({ id: z.uuid(), key: z.string() }).parse(await made.json());
  const read = await (await api.rest("GET", `/virtual-keys/${id}`)).text();
  expect(JSON.parse(read)).toMatchObject({
    name: "rest-key",
    expiresAt: "2099-01-31T11:00:00.000Z",
    budgets: [{ limitUsd: "2.5" }],
  });
  expect(read).not.toContain(key);
  const changed = await api.rest("PATCH", `/virtual-keys/${id}`, { body: { enabled: false, expiresAt: null } });
  expect(await changed.json()).toMatchObject({ enabled: false, expiresAt: null, name: "rest-key" });
  const turned = await api.rest("POST", `/virtual-keys/${id}/rotate`);
  expect(await turned.json()).toEqual({ id, key: expect.stringMatching(/^condt_/) });
  expect(await (await api.rest("DELETE", `/virtual-keys/${id}`)).json()).toEqual({ id, deleted: true });
  expect(await refusal(await api.rest("GET", `/virtual-keys/${id}`))).toMatchObject({ status: 404, code: "not_found" });
  const entries = (await api.audit("virtual-key")).filter((entry) => entry.object_id === id);
  expect(entries.map(({ actor, action, ip }) => [actor, action, ip])).toEqual(
    ["create", "update", "rotate", "delete"].map((action) => ["backend-key", action, "192.0.2.1"]),
  );
});

test("inputs mean what they say: nothing is turned into something else on the way", async () => {
  const { id } = await api.as().groups.create({ name: "exact" });
  for (const enabled of ["false", 0, null, "yes"]) {
    const answer = await api.rest("PATCH", `/groups/${id}`, { body: { enabled } });
    expect(await refusal(answer)).toMatchObject({ status: 400, code: "bad_request", param: "enabled" });
  }
  const { openApiDocument } = await import("@/server/api/openapi");
  openApiDocument("/api/admin");
  expect((await api.rest("PATCH", `/groups/${id}`, { body: { enabled: "false" } })).status).toBe(400);
  expect(await api.as().groups.get({ id })).toMatchObject({ enabled: true });
});

test("queries take their numbers and dates as text", async () => {
  const page = await api.rest("GET", "/audit?limit=1");
  expect((await page.json()).items).toHaveLength(1);
  expect((await api.rest("GET", "/calls?from=2027-01-01T00:00:00Z&to=2027-01-02T00:00:00Z&limit=5")).status).toBe(200);
  expect((await api.rest("GET", "/overview?range=24h")).status).toBe(200);
  expect(await refusal(await api.rest("GET", "/calls?limit=many"))).toMatchObject({ status: 400, param: "limit" });
  expect(await refusal(await api.rest("GET", "/calls?from=monday"))).toMatchObject({ status: 400, param: "from" });
});

test.each([
  ["a body that is no JSON", { text: "{" }, 400],
  ["a body that is a list", { text: "[]" }, 400],
  ["no body", {}, 400],
  ["an unknown field", { body: { name: "x", admin: true } }, 400],
  ["a body that is too large", { text: JSON.stringify({ name: "x".repeat(1024 * 1024) }) }, 413],
  [
    "another kind of body",
    { text: "name=x", headers: { "x-api-key": backendKey, "content-type": "application/x-www-form-urlencoded" } },
    415,
  ],
])("%s is refused", async (_what, options, status) => {
  expect((await refusal(await api.rest("POST", "/groups", options))).status).toBe(status);
  expect((await api.as().groups.list()).map((group) => group.name)).not.toContain("x");
});

test("paths and methods that are not there say so", async () => {
  expect(await refusal(await api.rest("GET", "/nothing"))).toMatchObject({ status: 404, code: "not_found" });
  expect(await refusal(await api.rest("PUT", "/providers"))).toMatchObject({
    status: 405,
    message: "This path takes GET, POST.",
  });
  expect((await refusal(await api.rest("GET", "/models/%E0%A4%A"))).status).toBe(400);
  expect((await refusal(await api.rest("GET", `/models/${nobody}`))).status).toBe(404);
});

test("conflicts name their field, also for what conduit.json declares", async () => {
  await api.rest("POST", "/models", { body: { name: "twice" } });
  expect(await refusal(await api.rest("POST", "/models", { body: { name: "twice" } }))).toMatchObject({
    status: 409,
    code: "conflict",
    param: "name",
  });
  await api.sql.query("UPDATE model SET managed = true WHERE name = 'twice'");
  const { rows } = await api.sql.query("SELECT id FROM model WHERE name = 'twice'");
  expect(await refusal(await api.rest("DELETE", `/models/${rows[0]?.id}`))).toMatchObject({
    status: 409,
    message: expect.stringContaining("conduit.json"),
  });
});

test("answers are not kept by caches and carry a request id", async () => {
  const answer = await api.rest("GET", "/providers");
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(answer.headers.get("x-request-id")).toMatch(/^req_/);
});

test("the description names every route that there is, and none that needs no key", async () => {
  const { openApiDocument } = await import("@/server/api/openapi");
  const document = openApiDocument("/api/admin");
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods ?? {}).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  expect(operations.length).toBeGreaterThan(30);
  for (const { path, method, operation } of operations) {
    expect(operation.security, `${method} ${path}`).toEqual([{ bearer: [] }, { apiKey: [] }, { masterKey: [] }]);
    const answer = await api.rest(method, path.replace("{requestId}", "req_x").replace(/\{\w+\}/g, nobody));
    expect(answer.status, `${method} ${path}`).not.toBe(405);
    expect((await answer.text()).includes("nothing at this path"), `${method} ${path}`).toBe(false);
  }
});
