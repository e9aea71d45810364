import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { nobody, refused, secrets, testApi } from "@/tests/api/support";
import { json, silence, startUpstream, type Upstream } from "@/tests/support/upstream";

const api = testApi();
const vendorKey = "sk-vendor-0123456789abcdefWXYZ";

let vendor: Upstream;
beforeAll(async () => {
  vendor = await startUpstream();
});
afterAll(() => vendor.stop());

/** A provider on the test's own vendor. */
function onVendor(name: string, path = "/v1") {
  return {
    name,
    type: "openai-compatible",
    baseUrl: `${vendor.url}${path}`,
    allowPrivateNetwork: true,
    keys: [{ name: "main", apiKey: vendorKey }],
  };
}

test("the types say what they need, and which one is only a demonstration", async () => {
  const types = await api.as().providerTypes.list();
  expect(types.find((type) => type.id === "openai")).toMatchObject({
    keyOptional: false,
    canListModels: true,
    demo: false,
  });
  expect(types.find((type) => type.id === "openai-compatible")).toMatchObject({ baseUrl: null, keyOptional: true });
  expect(types.filter((type) => type.demo).map((type) => type.id)).toEqual(["demo"]);
});

test("a provider's key goes in and never comes out", async () => {
  const { providers, audit } = api.as();
  const made = await providers.create(onVendor("write-only"));
  expect(made).toMatchObject({
    name: "write-only",
    typeLabel: "OpenAI-compatible",
    baseUrl: `${vendor.url}/v1`,
    demo: false,
    deployments: 0,
  });
  expect(made.keys).toMatchObject([{ name: "main", hint: "WXYZ", weight: 1, enabled: true }]);
  const added = await providers.addKey({ providerId: made.id, name: "second", apiKey: "sk-second-0123456789" });
  await providers.updateKey({ id: added.id, apiKey: "sk-third-0123456789", weight: 3 });
  const { rows } = await api.sql.query("SELECT sealed FROM provider_key WHERE provider_id = $1", [made.id]);
  expect(rows).toHaveLength(2);
  const everything = JSON.stringify([
    await providers.list(),
    await providers.get({ id: made.id }),
    await audit.list({}),
    await (await api.rest("GET", "/providers")).json(),
    await (await api.rest("GET", `/providers/${made.id}`)).json(),
    await (await api.rest("GET", "/audit")).json(),
  ]);
  for (const hidden of [
    vendorKey,
    "sk-second",
    "sk-third",
    "sealed",
    ...rows.map((row) => row.sealed),
    ...Object.values(secrets),
  ]) {
    expect(everything).not.toContain(hidden);
  }
});

test("a replaced key is what the vendor gets from then on", async () => {
  vendor.on("/v1/models", json({ data: [] }));
  const { providers } = api.as();
  const { id, keys } = await providers.create(onVendor("replaced"));
  await providers.updateKey({ id: keys[0]?.id ?? "", apiKey: "sk-new-0123456789" });
  await providers.test({ id });
  expect(vendor.last().headers.authorization).toBe("Bearer sk-new-0123456789");
  await providers.deleteKey({ id: keys[0]?.id ?? "" });
  await providers.test({ id });
  expect(vendor.last().headers.authorization).toBeUndefined();
});

test.each([
  ["http://127.0.0.1:1234/v1", "private network"],
  ["http://[::1]/v1", "private network"],
  ["http://10.0.0.1", "private network"],
  ["http://localhost:8000/v1", "this machine"],
  ["https://user:pass@example.com", "user name or password"],
  ["ftp://example.com", "https://"],
  ["example.com", "URL"],
  ["https://example.com/v1?key=x", "leave out"],
])("%s is refused as a base URL", async (baseUrl, why) => {
  const error = await refused(
    api.as().providers.create({ name: "bad-url", type: "openai-compatible", baseUrl }),
    "BAD_REQUEST",
    "baseUrl",
  );
  expect(error.message).toContain(why);
});

test("private addresses need the admin's word, but metadata services stay out of reach", async () => {
  const { providers } = api.as();
  const base = { type: "openai-compatible", allowPrivateNetwork: true };
  const made = await providers.create({ ...base, name: "private", baseUrl: "http://10.0.0.1/v1/" });
  expect(made.baseUrl).toBe("http://10.0.0.1/v1");
  await refused(providers.update({ id: made.id, allowPrivateNetwork: false }), "BAD_REQUEST", "baseUrl");
  const metadata = { ...base, name: "metadata", baseUrl: "http://169.254.169.254/latest" };
  await refused(providers.create(metadata), "BAD_REQUEST", "baseUrl");
});

test("bad input is refused with the field at fault", async () => {
  const { providers } = api.as();
  const good = onVendor("field");
  await refused(providers.create({ ...good, name: "a/b" }), "BAD_REQUEST", "name");
  await refused(providers.create({ ...good, name: "a b" }), "BAD_REQUEST", "name");
  await refused(providers.create({ ...good, type: "nonsense" }), "BAD_REQUEST", "type");
  await refused(providers.create({ name: "x", type: "openai-compatible" }), "BAD_REQUEST", "baseUrl");
  await refused(providers.create({ name: "x", type: "openai" }), "BAD_REQUEST", "keys");
  await refused(providers.create({ ...good, keys: [{ name: "k", apiKey: "a\nb" }] }), "BAD_REQUEST", "keys.0.apiKey");
  await refused(providers.create({ ...good, headers: { Authorization: "x" } }), "BAD_REQUEST", "headers.Authorization");
  await refused(providers.create({ ...good, headers: { "x-a": "b\r\nc: d" } }), "BAD_REQUEST", "headers.x-a");
  await refused(providers.create({ ...good, keys: [...good.keys, ...good.keys] }), "BAD_REQUEST", "keys");
  await refused(providers.create({ ...good, probeSeconds: 9 }), "BAD_REQUEST", "probeSeconds");
  const unlisted = { name: "x", type: "jina", keys: good.keys };
  await refused(providers.create({ ...unlisted, probeSeconds: 60 }), "BAD_REQUEST", "probeSeconds");
  expect((await providers.list()).map((provider) => provider.name)).not.toContain("x");
});

test("a provider and its keys have limits of their own, which can be taken back", async () => {
  const { providers } = api.as();
  const { id, keys, rpm } = await providers.create({ ...onVendor("limited"), tpm: 1_000 });
  expect(rpm).toBeNull();
  expect(await providers.update({ id, rpm: 60 })).toMatchObject({ rpm: 60, tpm: 1_000, concurrent: null });
  expect(await providers.update({ id, tpm: null })).toMatchObject({ rpm: 60, tpm: null });
  const key = keys[0]?.id ?? "";
  expect(await providers.updateKey({ id: key, concurrent: 2 })).toMatchObject({ concurrent: 2, rpm: null });
  const more = { providerId: id, name: "more", apiKey: "sk-more-0123456789" };
  expect(await providers.addKey({ ...more, rpm: 5 })).toMatchObject({ rpm: 5 });
  await refused(providers.updateKey({ id: key, rpm: 0 }), "BAD_REQUEST", "rpm");
});

test("probes are off until they are asked for, and can be taken back", async () => {
  const { providers } = api.as();
  const made = await providers.create(onVendor("probed"));
  expect(made.probeSeconds).toBeNull();
  expect(await providers.update({ id: made.id, probeSeconds: 30 })).toMatchObject({ probeSeconds: 30 });
  expect(await providers.update({ id: made.id, enabled: false })).toMatchObject({ probeSeconds: 30 });
  expect(await providers.update({ id: made.id, probeSeconds: null })).toMatchObject({ probeSeconds: null });
});

test("names are unique, and a provider that serves models stays", async () => {
  const { providers, models } = api.as();
  const { id } = await providers.create(onVendor("serving"));
  await refused(providers.create(onVendor("serving")), "CONFLICT", "name");
  await refused(providers.addKey({ providerId: id, name: "main", apiKey: "sk-another" }), "CONFLICT", "name");
  await models.addFromProvider({ providerId: id, models: [{ upstreamModel: "m", name: "served-model" }] });
  const error = await refused(providers.delete({ id }), "CONFLICT");
  expect(error.message).toContain("served-model");
  const model = (await models.list()).find((one) => one.name === "served-model");
  await models.delete({ id: model?.id ?? "" });
  await providers.delete({ id });
  await refused(providers.get({ id }), "NOT_FOUND");
  const { rows } = await api.sql.query("SELECT 1 FROM provider_key WHERE provider_id = $1", [id]);
  expect(rows).toEqual([]);
});

test("what conduit.json declares is read-only, with its keys", async () => {
  const { providers } = api.as();
  const { id, keys } = await providers.create(onVendor("declared"));
  await api.sql.query("UPDATE provider SET managed = true WHERE id = $1", [id]);
  const key = keys[0]?.id ?? "";
  for (const attempt of [
    () => providers.update({ id, enabled: false }),
    () => providers.delete({ id }),
    () => providers.addKey({ providerId: id, name: "more", apiKey: "sk-more" }),
    () => providers.updateKey({ id: key, enabled: false }),
    () => providers.deleteKey({ id: key }),
  ]) {
    expect((await refused(attempt(), "CONFLICT")).message).toContain("managed by conduit.json");
  }
});

test("audit entries name headers and keys without their values", async () => {
  const { providers } = api.as();
  const { id } = await providers.create({ ...onVendor("noted"), headers: { "x-team": "private-value" } });
  await providers.update({ id, headers: { "x-team": "other-value", "x-more": "1" }, enabled: false });
  const entries = (await api.audit("provider")).filter((entry) => entry.object_id === id);
  expect(entries.map((entry) => entry.action)).toEqual(["create", "update"]);
  expect(entries[0]?.detail).toMatchObject({ headers: { to: ["x-team"] }, keys: { to: ["main"] } });
  expect(entries[1]?.detail).toEqual({
    enabled: { from: true, to: false },
    headers: { from: ["x-team"], to: expect.arrayContaining(["x-team", "x-more"]) },
  });
  expect(JSON.stringify(entries)).not.toMatch(/private-value|other-value|sk-/);
});

describe("testing a connection", () => {
  test("says how long it took and how many models there are", async () => {
    vendor.on("/good/models", json({ data: [{ id: "a", owned_by: "them" }, { id: "b" }] }, { afterMs: 20 }));
    const { keys, ...draft } = onVendor("draft", "/good");
    const result = await api.as().providers.test({ draft: { ...draft, keys, headers: { "x-org": "7" } } });
    expect(result).toEqual({ ok: true, latencyMs: expect.any(Number), models: 2 });
    expect(result.ok && result.latencyMs).toBeGreaterThanOrEqual(19);
    expect(vendor.last().headers).toMatchObject({ authorization: `Bearer ${vendorKey}`, "x-org": "7" });
    expect((await api.as().providers.list()).map((provider) => provider.name)).not.toContain("draft");
  });

  test("gives the vendor's own words for a wrong key, with the key blacked out", async () => {
    const message = `Incorrect API key provided: ${vendorKey}. Find yours in the console.`;
    vendor.on("/denied/models", json({ error: { message, code: "invalid_api_key" } }, { status: 401 }));
    const result = await api.as().providers.test({ draft: onVendor("denied", "/denied") });
    expect(result).toMatchObject({ ok: false, kind: "upstream_denied", status: 401 });
    expect(JSON.stringify(result)).toMatch(
      /refused the key \(HTTP 401\).*Incorrect API key.*Find yours in the console/,
    );
    expect(JSON.stringify(result)).not.toContain(vendorKey);
  });

  test("blacks out a key that does not look like one", async () => {
    const odd = "0f8a61c2b7d94e35";
    vendor.on("/odd/models", json({ error: { message: `No access for ${odd}` } }, { status: 403 }));
    const result = await api
      .as()
      .providers.test({ draft: { ...onVendor("odd", "/odd"), keys: [{ name: "k", apiKey: odd }] } });
    expect(JSON.stringify(result)).toContain("No access for [secret]");
  });

  test("tries every key and names the one that fails", async () => {
    vendor.on("/two/models", (request, response) =>
      json({ data: [] }, { status: request.headers.authorization?.endsWith("good-key") ? 200 : 401 })(
        request,
        response,
      ),
    );
    const keys = [
      { name: "first", apiKey: "good-key" },
      { name: "second", apiKey: "bad-key" },
    ];
    const result = await api.as().providers.test({ draft: { ...onVendor("two", "/two"), keys } });
    expect(result).toMatchObject({
      ok: false,
      kind: "upstream_denied",
      message: expect.stringContaining('Key "second"'),
    });
  });

  test.each([
    ["/nowhere", "upstream_rejected", "/v1"],
    ["/html", "upstream_garbled", "not JSON"],
    ["/moved", "upstream_unavailable", "https://elsewhere.example/v1"],
    ["/busy", "upstream_rate_limited", "limits"],
    ["/cut", "upstream_unavailable", "cut short"],
  ])("tells %s as %s", async (path, kind, words) => {
    vendor.on("/html/models", json("<html>hello</html>"));
    vendor.on("/moved/models", json("", { status: 301, headers: { location: "https://elsewhere.example/v1" } }));
    vendor.on("/busy/models", json({ error: { message: "slow down" } }, { status: 429 }));
    vendor.on("/cut/models", (_request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("{", () => response.destroy());
    });
    const result = await api.as().providers.test({ draft: onVendor("telling", path) });
    expect(result).toMatchObject({ ok: false, kind, message: expect.stringContaining(words) });
  });

  test("gives up after ten seconds", { timeout: 15_000 }, async () => {
    vendor.on("/slow/models", silence);
    const startedMs = performance.now();
    const result = await api.as().providers.test({ draft: onVendor("slow", "/slow") });
    expect(result).toMatchObject({ ok: false, kind: "upstream_timeout" });
    expect(performance.now() - startedMs).toBeLessThan(11_500);
  });

  test("says that nobody is there", async () => {
    const draft = { ...onVendor("closed"), baseUrl: "http://127.0.0.1:9/v1" };
    expect(await api.as().providers.test({ draft })).toMatchObject({ ok: false, kind: "upstream_unavailable" });
  });

  test("needs exactly one of an id and a draft, and a provider that exists", async () => {
    await refused(api.as().providers.test({}), "BAD_REQUEST");
    await refused(api.as().providers.test({ id: nobody, draft: onVendor("both") }), "BAD_REQUEST");
    await refused(api.as().providers.test({ id: nobody }), "NOT_FOUND");
  });

  test("a key sealed under another encryption key is said to be so", async () => {
    const { id } = await api.as().providers.create(onVendor("foreign-seal"));
    await api.sql.query("UPDATE provider_key SET sealed = 'v1.AAAA.AAAA.AAAA' WHERE provider_id = $1", [id]);
    const error = await refused(api.as().providers.test({ id }), "CONFLICT");
    expect(error.message).toContain("CONDUIT_ENCRYPTION_KEY");
  });
});

describe("listing a provider's models", () => {
  test("marks what is added already and what the price library knows", async () => {
    vendor.on("/list/models", json({ data: [{ id: "one", owned_by: "them" }, { id: "two" }] }));
    const { providers, models } = api.as();
    const { id } = await providers.create(onVendor("listing", "/list"));
    await models.addFromProvider({ providerId: id, models: [{ upstreamModel: "two", name: "two" }] });
    expect(await providers.listModels({ id })).toEqual([
      {
        id: "one",
        ownedBy: "them",
        priced: false,
        inputPerMillionUsd: null,
        outputPerMillionUsd: null,
        alreadyAdded: false,
      },
      { id: "two", priced: false, inputPerMillionUsd: null, outputPerMillionUsd: null, alreadyAdded: true },
    ]);
    const priced = await providers.create({ ...onVendor("listing-openai", "/list-openai"), type: "openai" });
    vendor.on("/list-openai/models", json({ data: [{ id: "gpt-4o" }, { id: "unheard-of" }] }));
    expect(await providers.listModels({ id: priced.id })).toMatchObject([
      { id: "gpt-4o", priced: true, inputPerMillionUsd: "2.5", outputPerMillionUsd: "10" },
      { id: "unheard-of", priced: false },
    ]);
  });

  test("works for the demonstration, which is no network at all", async () => {
    const { providers } = api.as();
    const demo = (await providers.list()).find((provider) => provider.demo);
    expect(await providers.listModels({ id: demo?.id ?? "" })).toMatchObject([{ id: "demo", alreadyAdded: true }]);
    expect(await providers.test({ id: demo?.id ?? "" })).toMatchObject({ ok: true, models: 1 });
  });

  test("fails with the reason", async () => {
    vendor.on("/down/models", json({ error: { message: "on fire" } }, { status: 500 }));
    const { id } = await api.as().providers.create(onVendor("down", "/down"));
    const error = await refused(api.as().providers.listModels({ id }), "BAD_GATEWAY");
    expect(error.message).toContain("on fire");
  });
});
