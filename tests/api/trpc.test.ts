import { beforeAll, describe, expect, test } from "vitest";
import { cookieHeader, signIn } from "@/tests/api/session";
import { backendKey, refused, secrets, testApi } from "@/tests/api/support";

const api = testApi();
const site = "http://localhost:5000";

let cookie: string;
beforeAll(async () => {
  cookie = cookieHeader((await signIn(secrets.CONDUIT_ADMIN_LOGIN_PASSWORD)).cookies);
});

/** Adds a group over the dashboard's route; the answer's status, and its body as text. */
async function addGroup(name: string, headers: Record<string, string>): Promise<{ status: number; text: string }> {
  const { POST } = await import("@/app/api/trpc/[trpc]/route");
  const answer = await POST(
    new Request(`${site}/api/trpc/groups.create`, {
      method: "POST",
      headers: { host: "localhost:5000", "content-type": "application/json", ...headers },
      body: JSON.stringify({ json: { name } }),
    }),
  );
  return { status: answer.status, text: await answer.text() };
}

async function read(path: string, headers: Record<string, string>): Promise<Response> {
  const { GET } = await import("@/app/api/trpc/[trpc]/route");
  return GET(new Request(`${site}/api/trpc/${path}`, { headers: { host: "localhost:5000", ...headers } }));
}

describe("changes with a session", () => {
  test.each([
    ["our own page", { origin: site, "sec-fetch-site": "same-origin" }, 200],
    ["our own page in an older browser", { origin: site }, 200],
    ["another site", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }, 403],
    ["another port of this host", { origin: "http://localhost:6000", "sec-fetch-site": "same-site" }, 403],
    ["a liar about the origin", { origin: site, "sec-fetch-site": "cross-site" }, 403],
    ["a sandboxed frame", { origin: "null" }, 403],
    ["nobody says where", {}, 403],
    [
      "a forwarded host that nobody vouches for",
      { origin: "https://evil.example", "x-forwarded-host": "evil.example" },
      403,
    ],
  ])("from %s", async (from, headers, status) => {
    const answer = await addGroup(from, { cookie, ...headers });
    expect(answer.status, answer.text).toBe(status);
    expect((await api.as().groups.list()).some((group) => group.name === from)).toBe(status === 200);
  });

  test("are not taken over GET", async () => {
    const input = encodeURIComponent(JSON.stringify({ json: { name: "by-get" } }));
    expect((await read(`groups.create?input=${input}`, { cookie, "sec-fetch-site": "same-origin" })).status).toBe(405);
  });
});

test("nothing is answered without a session or the backend key, whatever the procedure", async () => {
  const { appRouter } = await import("@/server/api/root");
  const procedures = Object.keys(appRouter._def.procedures);
  expect(procedures.length).toBeGreaterThan(35);
  const { callTRPCProcedure } = await import("@trpc/server");
  for (const path of procedures) {
    for (const type of ["query", "mutation"] as const) {
      const ctx = { actor: null, sameOrigin: true, ip: null };
      const work = callTRPCProcedure({
        router: appRouter,
        path,
        type,
        ctx,
        getRawInput: async () => ({}),
        signal: undefined,
        batchIndex: 0,
      });
      const error = await work.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      // The wrong one of the two is refused for not being there.
      expect(error, `${type} ${path}`).toMatchObject({
        code: expect.stringMatching(/^(UNAUTHORIZED|NOT_FOUND|METHOD_NOT_SUPPORTED)$/),
      });
    }
  }
});

test("the dashboard's route: who may, who may not", async () => {
  expect((await read("providers.list", {})).status).toBe(401);
  expect((await read("providers.list", { cookie })).status).toBe(200);
  expect((await read("providers.list", { authorization: `Bearer ${backendKey}` })).status).toBe(200);
  // A wrong key is not made good by a session.
  expect((await read("providers.list", { cookie, authorization: "Bearer wrong" })).status).toBe(401);
  expect((await addGroup("by-key", { "x-api-key": backendKey })).status).toBe(200);
  expect((await read("providers.list", { cookie })).headers.get("cache-control")).toBe("no-store");
});

test("a refusal tells a form which fields are at fault, and nothing of the inside", async () => {
  const answer = await addGroup(" ", { cookie, origin: site });
  expect(JSON.parse(answer.text).error.json).toMatchObject({
    message: "name: Give a name.",
    data: { code: "BAD_REQUEST", httpStatus: 400, field: "name", fieldErrors: { name: ["Give a name."] } },
  });
  expect(answer.text).not.toContain("stack");
  await addGroup("same", { cookie, origin: site });
  const twice = await addGroup("same", { cookie, origin: site });
  expect(JSON.parse(twice.text).error.json.data).toMatchObject({ code: "CONFLICT", field: "name" });
});

test("the gate stands before the input: a stranger learns nothing of it", async () => {
  await refused(api.as({ actor: null }).groups.create({ name: "" }), "UNAUTHORIZED");
  await refused(api.as({ sameOrigin: false }).groups.create({ name: "" }), "FORBIDDEN");
  expect(await api.as({ sameOrigin: false }).groups.list()).toBeInstanceOf(Array);
});
