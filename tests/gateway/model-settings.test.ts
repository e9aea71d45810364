import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { testApi } from "@/tests/api/support";
import { chatRequest, chunks, completion } from "@/tests/support/fixture";
import { type Routes, routes, textOf } from "@/tests/support/routes";
import { json, openAiEvents, type Scenario, silence, stream } from "@/tests/support/upstream";

const api = testApi();
let made: Routes;
let key: string;

beforeAll(async () => {
  made = await routes(api);
  for (const name of ["vendor", "long", "lax", "spare"]) await made.provider(name);
  await made.model("larger", [{ as: "larger-1", provider: "long" }]);
  await made.model("laxer", [{ as: "laxer-1", provider: "lax" }]);
  await made.model("other", [{ as: "other-1", provider: "spare" }]);
  const all = { fallbacks: ["other"], fallbacksOnContext: ["larger"], fallbacksOnPolicy: ["laxer"], retries: 0 };
  await made.model("whole", [{ as: "whole-1" }], all);
  await made.model("strict", [{ as: "strict-1" }], { fallbacks: ["other"], retries: 0 });
  const two = [{ as: "first-1" }, { as: "second-1", provider: "spare", priority: 1 }];
  await made.model("saved", two);
  await made.model("lost", two, { rescue: false });
  await made.model("hasty", two, { firstByteMs: 200 });
  ({ key } = await made.key());
  await made.settle();
});
afterAll(() => made.upstream.stop());
beforeEach(async () => {
  on("spare", json(completion()));
  await api.as().routing.reset({ id: null });
});

function on(vendor: string, scenario: Scenario): void {
  made.upstream.on(`/${vendor}/chat/completions`, scenario);
}

const tooLong = json({ error: { message: "Too long.", code: "context_length_exceeded" } }, { status: 400 });
const refused = json({ error: { message: "No.", code: "content_policy_violation" } }, { status: 400 });
const down = json({ error: { message: "Down." } }, { status: 503 });

test.each([
  ["an error", down, "other-1"],
  ["a prompt that is too long", tooLong, "larger-1"],
  ["refused content", refused, "laxer-1"],
])("%s goes to the models that are named for it", async (_name, scenario, upstreamModel) => {
  on("vendor", scenario);
  const before = made.upstream.received.length;
  const reply = await made.chat(key, chatRequest("whole"));
  expect(reply.status, await textOf(reply)).toBe(200);
  expect(made.reached()).toBe(upstreamModel);
  expect(made.upstream.received.length - before).toBe(2);
});

test("a prompt that is too long for the larger one too goes on to the others", async () => {
  on("vendor", tooLong);
  on("long", down);
  expect((await made.chat(key, chatRequest("whole"))).status).toBe(200);
  expect(made.reached()).toBe("other-1");
  on("long", json(completion()));
});

test("without a model for it a refusal of content is the answer, after one attempt", async () => {
  on("vendor", refused);
  const before = made.upstream.received.length;
  const reply = await made.chat(key, chatRequest("strict"));
  expect(reply.status).toBe(400);
  expect(JSON.parse(await textOf(reply)).error.code).toBe("content_policy_violation");
  expect(made.upstream.received.length - before).toBe(1);
});

test("a stream that breaks is saved, unless its model says otherwise", async () => {
  const whole = openAiEvents(chunks());
  on("vendor", stream(whole.slice(0, whole.indexOf(", ") + 20), { ending: "cut" }));
  on("spare", stream(whole));
  const saved = await textOf(await made.chat(key, chatRequest("saved", { stream: true })));
  expect(saved).toContain("[DONE]");
  expect(saved).not.toContain('"error"');
  await api.as().routing.reset({ id: null });
  expect(await textOf(await made.chat(key, chatRequest("lost", { stream: true })))).toContain('"error"');
});

test("a silent stream is left after the model's own time", async () => {
  on("vendor", silence);
  on("spare", stream(openAiEvents(chunks())));
  const began = performance.now();
  expect(await textOf(await made.chat(key, chatRequest("hasty", { stream: true })))).toContain("[DONE]");
  expect(performance.now() - began).toBeLessThan(2_000);
});
