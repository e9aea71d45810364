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
