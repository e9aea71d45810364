import { afterAll, beforeAll, describe, expect, test } from "vitest";
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
  await made.model("mixed", [
    { as: "gpt-oss-120b" },
    { as: "command-a-vision-07-2025", priority: 1 },
    { as: "unheard-of", priority: 2 },
  ]);
  await made.model("sized", [{ as: "command-r-08-2024" }, { as: "command-a-reasoning-08-2025", priority: 1 }]);
  await made.model("by-version", [{ as: "gpt-4" }, { as: "gpt-4.1", priority: 1 }]);
  await made.model("longer", [{ as: "gpt-4.1-mini", region: "eu" }]);
  await made.model("spare", [{ as: "spare-model" }]);
  await made.model("short", [{ as: "gpt-4" }], { fallbacksOnContext: ["longer"], fallbacks: ["spare"] });
  await made.model("blind-short", [{ as: "gpt-oss-20b" }], { fallbacksOnContext: ["longer"] });
  await made.model("set-up-for-less", [
    { as: "own-small", contextWindow: 2_000 },
    { as: "own-large", priority: 1 },
  ]);
  await made.provider("counted", ["main"], { rpm: 2 });
  await made.model("of-counted", [
    { as: "counted-a", provider: "counted" },
    { as: "elsewhere", priority: 1 },
  ]);
  await made.provider("keyed", [{ name: "few", rpm: 1, weight: 1_000_000 }, "many"]);
  await made.model("of-keyed", [
    { as: "keyed-a", provider: "keyed" },
    { as: "never", priority: 1 },
  ]);
  await made.model("metered", [{ as: "metered", tpm: 10_000 }]);
  await made.model("blind", [{ as: "gpt-oss-20b" }, { as: "gpt-oss-120b" }]);
  await made.model("narrow", [
    { as: "two-a-minute", rpm: 2 },
    { as: "rest", priority: 1 },
  ]);
  await made.model("one-by-one", [{ as: "single", concurrent: 1 }]);
  ({ key } = await made.key());
  await made.settle();
});
afterAll(() => made.upstream.stop());

const image = { type: "image_url", image_url: { url: "data:image/png;base64,AA==" } };
const looking = (model: string) => ({ model, messages: [{ role: "user", content: [image] }] });

describe("what targets are known not to do", () => {
  test("an image goes to who sees, a text to the first", async () => {
    await made.chat(key, chatRequest("mixed"));
    expect(made.reached()).toBe("gpt-oss-120b");
    await made.chat(key, looking("mixed"));
    expect(made.reached()).toBe("command-a-vision-07-2025");
  });

  test("the same words in a text are no image", async () => {
    const content = JSON.stringify(image);
    await made.chat(key, { model: "mixed", messages: [{ role: "user", content }] });
    expect(made.reached()).toBe("gpt-oss-120b");
  });

  test("where none is able the vendor is asked all the same: its own refusal tells more", async () => {
    expect((await made.chat(key, looking("blind"))).status).toBe(200);
  });

  test("a prompt too long for one goes to a larger one", async () => {
    await made.chat(key, chatRequest("sized"));
    expect(made.reached()).toBe("command-r-08-2024");
    const content = "word ".repeat(120_000);
    await made.chat(key, { model: "sized", messages: [{ role: "user", content }] });
    expect(made.reached()).toBe("command-a-reasoning-08-2025");
  });

  test("a window that an admin names holds instead of what is known", async () => {
    await made.chat(key, chatRequest("set-up-for-less"));
    expect(made.reached()).toBe("own-small");
    await made.chat(key, { model: "set-up-for-less", messages: [{ role: "user", content: "word ".repeat(2_000) }] });
    expect(made.reached()).toBe("own-large");
  });

  test("windows of vendors' own models are known", async () => {
    await made.chat(key, chatRequest("by-version"));
    expect(made.reached()).toBe("gpt-4");
    await made.chat(key, { model: "by-version", messages: [{ role: "user", content: "word ".repeat(20_000) }] });
    expect(made.reached()).toBe("gpt-4.1");
  });
});

describe("where all that is left is there for failures", () => {
  const long = (model: string) => ({ model, messages: [{ role: "user", content: "word ".repeat(20_000) }] });

  test("a prompt too long for the model goes at once to the one that is there for long prompts", async () => {
    expect((await made.chat(key, long("short"))).status).toBe(200);
    expect(made.reached()).toBe("gpt-4.1-mini");
    await made.chat(key, chatRequest("short"));
    expect(made.reached()).toBe("gpt-4");
  });

  test("an image that the model does not take is refused by its vendor, not by nobody", async () => {
    expect((await made.chat(key, looking("blind-short"))).status).toBe(200);
    expect(made.reached()).toBe("gpt-oss-20b");
  });

  test("a way that only leads there is no way", async () => {
    const answer = await made.chat(key, chatRequest("short"), { "x-conduit-route": "eu" });
    expect(answer.status).toBe(400);
    expect(JSON.parse(await textOf(answer)).error.param).toBe("x-conduit-route");
  });
});

describe("limits of a provider and of its keys", () => {
  test("of a provider hold for all that it serves; calls beyond them go elsewhere", async () => {
    const reached: string[] = [];
    for (let at = 0; at < 4; at++) {
      expect((await made.chat(key, chatRequest("of-counted"))).status).toBe(200);
      reached.push(made.reached());
    }
    expect(reached).toEqual(["counted-a", "counted-a", "elsewhere", "elsewhere"]);
  });

  test("of a key send calls beyond them with the other keys", async () => {
    const used: unknown[] = [];
    for (let at = 0; at < 4; at++) {
      expect((await made.chat(key, chatRequest("of-keyed"))).status).toBe(200);
      expect(made.reached()).toBe("keyed-a");
      used.push(made.upstream.last().headers.authorization);
    }
    const many = "Bearer sk-keyed-many-0123456789";
    expect(used).toEqual(["Bearer sk-keyed-few-0123456789", many, many, many]);
  });
});

test.each<[object, string[]]>([
  [{ thinking: { type: "enabled", budget_tokens: 1_024 } }, ["reasoning"]],
  [{ thinking: { type: "adaptive" } }, ["reasoning"]],
  [{ thinking: { type: "disabled" } }, []],
  [{ reasoning_effort: "low" }, ["reasoning"]],
  [{ reasoning: { effort: "none" } }, []],
  [{ reasoning: { enabled: true } }, ["reasoning"]],
  [{ reasoning: { enabled: false } }, []],
  [{ reasoning: { max_tokens: 2_000 } }, ["reasoning"]],
  [{ generationConfig: { thinkingConfig: { thinkingBudget: -1 } } }, ["reasoning"]],
  [{ generation_config: { thinking_config: { thinking_level: "high" } } }, ["reasoning"]],
  [{ generationConfig: { thinkingConfig: { thinkingBudget: 0, includeThoughts: true } } }, []],
  [{ generationConfig: { responseSchema: { type: "OBJECT" } } }, ["json_schema"]],
  [{ generation_config: { response_schema: { type: "OBJECT" } } }, ["json_schema"]],
  [{ response_format: { type: "json_object" } }, []],
  [{ functions: [{ name: "f" }] }, ["tools"]],
  [{ functions: [], tools: [] }, []],
])("what a request holds: %j", async (body, kinds) => {
  const { contentOf } = await import("@/server/gateway/eligible");
  expect([...contentOf({ ...body })]).toEqual(kinds);
});

describe("a deployment's own limits", () => {
  test("a prompt that never fits is refused at once, with the reason and without a time to come again", async () => {
    const begun = performance.now();
    const body = { model: "metered", messages: [{ role: "user", content: "word ".repeat(20_000) }] };
    const answer = await made.chat(key, body);
    expect(answer.status).toBe(413);
    expect(answer.headers["retry-after"]).toBeUndefined();
    expect(performance.now() - begun).toBeLessThan(2_000);
  });

  test("on tokens do not take an image for text of its length", async () => {
    const url = `data:image/png;base64,${"iVBORw0K".repeat(20_000)}`;
    const body = {
      model: "metered",
      messages: [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }],
    };
    expect((await made.chat(key, body)).status).toBe(200);
    expect(made.reached()).toBe("metered");
  });

  test("calls beyond them go elsewhere", async () => {
    const reached: string[] = [];
    for (let at = 0; at < 4; at++) {
      expect((await made.chat(key, chatRequest("narrow"))).status).toBe(200);
      reached.push(made.reached());
    }
    expect(reached).toEqual(["two-a-minute", "two-a-minute", "rest", "rest"]);
  });

  test("a call waits a little for a place, and is told to come again when none becomes free", async () => {
    let atOnce = 0;
    let most = 0;
    let held = 300;
    made.upstream.on("/vendor/chat/completions", async (request, response) => {
      most = Math.max(most, ++atOnce);
      await json(completion(), { afterMs: held })(request, response);
      atOnce--;
    });
    const both = [made.chat(key, chatRequest("one-by-one")), made.chat(key, chatRequest("one-by-one"))];
    expect((await Promise.all(both)).map(({ status }) => status)).toEqual([200, 200]);
    expect(most).toBe(1);

    held = 12_000;
    const first = made.chat(key, chatRequest("one-by-one"));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const second = await made.chat(key, chatRequest("one-by-one"));
    expect(second.status).toBe(429);
    expect(Number(second.headers["retry-after"])).toBeGreaterThanOrEqual(1);
    expect(JSON.parse(await textOf(second)).error.code).toBe("upstream_rate_limited");
    expect((await first).status).toBe(200);
  }, 40_000);
});
