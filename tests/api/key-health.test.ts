import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { testApi } from "@/tests/api/support";
import { chatRequest, completion } from "@/tests/support/fixture";
import { type Routes, routes } from "@/tests/support/routes";
import { json, type Scenario } from "@/tests/support/upstream";

const OLD = "sk-vendor-main-0123456789";
const NEW = "sk-vendor-replaced-0123456789";
const PATH = "/vendor/chat/completions";

const api = testApi();
let made: Routes;
let caller: string;
beforeAll(async () => {
  made = await routes(api);
  await made.model("one", [{ as: "one-1" }], { retries: 0 });
  await made.model("two", [{ as: "two-1" }], { retries: 0 });
  ({ key: caller } = await made.key());
  await made.settle();
});
beforeEach(async () => {
  await replace(OLD);
  await api.as().routing.reset({ id: null });
});
afterAll(() => made.upstream.stop());

/** A vendor that knows the new credential alone. */
function refusing(status: number, meanwhile: () => Promise<void> = async () => undefined): Scenario {
  return async (request, response) => {
    if (request.headers.authorization === `Bearer ${NEW}`) return json(completion())(request, response);
    await meanwhile();
    return json({ error: { message: "Not with this key." } }, { status })(request, response);
  };
}

const keyId = async (): Promise<string> => {
  const provider = (await api.as().providers.list()).find(({ name }) => name === "vendor");
  return provider?.keys[0]?.id ?? "";
};
const replace = async (apiKey: string): Promise<void> => {
  await api.as().providers.updateKey({ id: await keyId(), apiKey });
  await made.settle();
};
const ask = async (model = "one"): Promise<number> => (await made.chat(caller, chatRequest(model))).status;
const troubled = async () =>
  (await api.as().routing.health())
    .filter(({ state, until, failures }) => state !== "closed" || until !== null || failures > 0)
    .map(({ kind, provider, model, key, out }) => ({ kind, provider, model, key, out }));

test.each([401, 403])(
  "a key that was refused with %i is back as soon as its credential is replaced",
  async (status) => {
    made.upstream.on(PATH, refusing(status));
    expect(await ask()).toBe(502);
    expect(await troubled()).toHaveLength(1);
    await replace(NEW);
    expect(await troubled()).toEqual([]);
    expect(await ask()).toBe(200);
  },
);

test.each([401, 403])(
  "a call that the old credential is refused late (%i) does not take the new one out",
  async (status) => {
    made.upstream.on(
      PATH,
      refusing(status, () => replace(NEW)),
    );
    expect(await ask()).toBe(502);
    expect(await troubled()).toEqual([]);
    expect(await ask()).toBe(200);
  },
);

test("a key that was refused is back when it is switched off and on again", async () => {
  made.upstream.on(PATH, refusing(401));
  expect(await ask()).toBe(502);
  const id = await keyId();
  for (const enabled of [false, true]) {
    await api.as().providers.updateKey({ id, enabled });
    await made.settle();
  }
  expect(await troubled()).toEqual([]);
});

test("a key that may not use a model is seen with the reason, and back with the key's reset", async () => {
  made.upstream.on(PATH, refusing(403));
  expect(await ask()).toBe(502);
  const [pair] = await troubled();
  expect(pair).toEqual({
    ...{ kind: "pair", provider: "vendor", model: "one", key: "main" },
    out: expect.stringMatching(/refused/),
  });
  made.upstream.on(PATH, json(completion()));
  expect(await ask("two")).toBe(200);
  expect(await ask()).toBe(502);
  expect(await api.as().routing.reset({ id: await keyId() })).toEqual({ reset: 1 });
  expect(await troubled()).toEqual([]);
  expect(await ask()).toBe(200);
});

test("a pair is put back alone by its own id, and named in the audit", async () => {
  made.upstream.on(PATH, refusing(403));
  expect([await ask("one"), await ask("two")]).toEqual([502, 502]);
  const pair = (await api.as().routing.health()).find(({ kind, model }) => kind === "pair" && model === "one");
  expect(await api.as().routing.reset({ id: pair?.id ?? "" })).toEqual({ reset: 1 });
  expect((await troubled()).map(({ model }) => model)).toEqual(["two"]);
  expect((await api.audit("route")).at(-1)?.name).toBe("vendor/main/one-1");
});
