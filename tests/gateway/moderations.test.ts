import { describe, expect, test } from "vitest";
import { useGateway } from "@/tests/support/fixture";
import { mounts } from "@/tests/support/gateway";
import { validateAgainst } from "@/tests/support/openai-schema";
import { operationsConfig } from "@/tests/support/operations";
import { json } from "@/tests/support/upstream";

const PATH = "/v1/moderations";

/** OpenAI's categories, as its published description names them. */
const names = [
  ...["hate", "hate/threatening", "harassment", "harassment/threatening", "illicit", "illicit/violent"],
  ...["self-harm", "self-harm/intent", "self-harm/instructions", "sexual", "sexual/minors", "violence"],
  "violence/graphic",
];
const each = <T>(value: T): Record<string, T> => Object.fromEntries(names.map((name) => [name, value]));

const vendorAnswer = {
  id: "modr-1",
  model: "vendor-moderation-1",
  results: [
    {
      flagged: true,
      categories: { ...each(false), violence: true },
      category_scores: { ...each(0.001), violence: 0.8599265510337075 },
      category_applied_input_types: each(["text"]),
    },
  ],
};

describe.each(mounts)("%s mount: moderations", (mount) => {
  const gate = useGateway(mount, { config: operationsConfig });
  const judge = (body: object) => gate().post(PATH, { model: "guard", ...body });

  test.each([
    ["a text", "I want to kill them."],
    ["texts", ["I want to kill them."]],
    [
      "a text with an image",
      [
        { type: "text", text: "…" },
        { type: "image_url", image_url: { url: "https://example.com/image.jpg" } },
      ],
    ],
  ])("%s is judged by the vendor, whose answer comes as it is", async (_what, input) => {
    gate().upstream.on(PATH, json(vendorAnswer));
    const answer = await judge({ input });
    expect(answer.status).toBe(200);
    const body = await answer.json();
    expect(body).toEqual(vendorAnswer);
    expect(validateAgainst("CreateModerationResponse", body)).toEqual([]);
    expect(JSON.parse(gate().upstream.last().body.toString())).toEqual({ model: "vendor-moderation-1", input });
    expect(await gate().ledgerRow(answer)).toMatchObject({
      operation: "moderations",
      status: 200,
      input_tokens: 0n,
      cost_nano: 0n,
      estimated: false,
    });
  });

  test("a request may leave the model out, as at OpenAI; then it is that one's name", async () => {
    const answer = await gate().post(PATH, { input: "x" });
    expect(answer.status).toBe(404);
    expect((await answer.json()).error.message).toContain("'omni-moderation-latest'");
  });

  test.each([
    ["no input", {}, "input"],
    ["a part of another type", { input: [{ type: "video" }] }, "input"],
    ["a model of a vendor without moderations", { input: "x", model: "foreign" }, "model"],
  ])("%s is refused by name", async (_what, body, param) => {
    const answer = await judge(body);
    expect(answer.status).toBe(400);
    const { error } = await answer.json();
    expect(error.param).toMatch(new RegExp(`^${param}`));
  });
});
