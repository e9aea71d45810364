import { afterAll, beforeAll, expect, test } from "vitest";
import { testApi } from "@/tests/api/support";
import { chatRequest, completion } from "@/tests/support/fixture";
import { type Routes, routes, textOf } from "@/tests/support/routes";
import { json } from "@/tests/support/upstream";

const api = testApi();
let made: Routes;
let key: string;

beforeAll(async () => {
  made = await routes(api);
  await made.provider("vendor");
  await made.provider("other");
  await made.model("wide", [
    { as: "wide-us", region: "us", tags: ["cheap"] },
    { as: "wide-eu", region: "eu", tags: ["cheap", "gdpr"], priority: 1 },
    { as: "wide-other", provider: "other", priority: 2 },
  ]);
  await made.model("first", [{ as: "first-1" }]);
  await made.model("second", [{ as: "second-1", provider: "other" }]);
  await made.model("hidden", [{ as: "hidden-1" }]);
  ({ key } = await made.key({ models: ["wide", "first", "second"] }));
  await made.settle();
});
afterAll(() => made.upstream.stop());

test.each([
  ["eu", "wide-eu"],
  ["gdpr", "wide-eu"],
  ["other", "wide-other"],
  ["vendor", "wide-us"],
  ["nowhere, other", "wide-other"],
  ["", "wide-us"],
])("x-conduit-route: %s goes to %s", async (route, upstreamModel) => {
  const reply = await made.chat(key, chatRequest("wide"), { "x-conduit-route": route });
  expect(reply.status, await textOf(reply)).toBe(200);
  expect(made.reached()).toBe(upstreamModel);
});

test("a route that no target has is refused with its name", async () => {
  const reply = await made.chat(key, chatRequest("wide"), { "x-conduit-route": "mars" });
  expect(reply.status).toBe(400);
  expect(JSON.parse(await textOf(reply)).error).toMatchObject({ param: "x-conduit-route", message: /mars/ });
});

test("a route holds for failover too", async () => {
  made.upstream.on("/vendor/chat/completions", json({ error: { message: "down" } }, { status: 503 }));
  const before = made.upstream.received.length;
  const reply = await made.chat(key, chatRequest("wide", { stream: false }), { "x-conduit-route": "cheap" });
  expect(reply.status).toBe(502);
  const asked = made.upstream.received.slice(before).map(({ path }) => path);
  expect(new Set(asked)).toEqual(new Set(["/vendor/chat/completions"]));
  made.upstream.on("/vendor/chat/completions", json(completion()));
  await api.as().routing.reset({ id: null });
});

test("of `models` the first that the key may use is asked, the others when it fails, and the list goes to nobody", async () => {
  const models = ["hidden", "nothing", "first", "second"];
  const reply = await made.chat(key, { ...chatRequest("hidden"), models, route: "fallback" });
  expect(reply.status).toBe(200);
  expect(made.reached()).toBe("first-1");
  const sent = JSON.parse(made.upstream.last().body.toString("utf8"));
  expect(sent).not.toHaveProperty("models");
  expect(sent).not.toHaveProperty("route");
  made.upstream.on("/vendor/chat/completions", json({ error: { message: "down" } }, { status: 503 }));
  const second = await made.chat(key, { ...chatRequest("first"), models: ["second"] });
  expect(second.status).toBe(200);
  expect(made.reached()).toBe("second-1");
  made.upstream.on("/vendor/chat/completions", json(completion()));
  await api.as().routing.reset({ id: null });
});

test("a list whose first model is not able is the call of the one that is", async () => {
  await made.model("text-only", [{ as: "gpt-oss-20b" }]);
  await made.settle();
  const seeing = await made.key({ models: ["text-only", "second"] });
  const image = { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } };
  const reply = await made.chat(seeing.key, {
    models: ["text-only", "second"],
    messages: [{ role: "user", content: [image] }],
  });
  expect(made.reached()).toBe("second-1");
  expect(reply.headers["x-conduit-model"]).toBe("second-1");
});

test("`models` without `model` names them all; none that is allowed is the usual 404", async () => {
  const { model: _model, ...rest } = chatRequest();
  expect((await made.chat(key, { ...rest, models: ["second", "first"] })).status).toBe(200);
  expect(made.reached()).toBe("second-1");
  const reply = await made.chat(key, { ...rest, models: ["hidden", "nothing"] });
  expect(reply.status).toBe(404);
  expect(JSON.parse(await textOf(reply)).error.code).toBe("model_not_found");
  expect((await made.chat(key, { ...chatRequest("first"), models: [1] })).status).toBe(400);
});

test("router:<strategy>:<model> overrules the model's strategy, and stays within its key", async () => {
  const seen = new Set<string>();
  for (let at = 0; at < 6; at++) {
    expect((await made.chat(key, chatRequest("router:round-robin:wide"), { "x-conduit-route": "cheap" })).status).toBe(
      200,
    );
    seen.add(made.reached());
  }
  // Priorities still come first.
  expect(seen).toEqual(new Set(["wide-us"]));
  expect((await made.chat(key, chatRequest("router:random:hidden"))).status).toBe(404);
  expect((await made.chat(key, chatRequest("router:nonsense:wide"))).status).toBe(400);
});

test("router:<strategy> goes to any model of the key, and counts as that model", async () => {
  const seen = new Set<string>();
  for (let at = 0; at < 60; at++) {
    expect((await made.chat(key, chatRequest("router:random"))).status).toBe(200);
    seen.add(made.reached());
  }
  expect(seen).not.toContain("hidden-1");
  expect(seen).toContain("first-1");
  const { drainLedger } = await import("@/server/state/ledger");
  expect(await drainLedger(5_000)).toBe(true);
  const { rows } = await api.sql.query<{ model: string }>("SELECT DISTINCT model FROM call WHERE status = 200");
  expect(rows.map(({ model }) => model).filter((model) => model.startsWith("router:random"))).toEqual([]);
});
