import { describe, expect, test } from "vitest";
import { encoded } from "@/tests/providers/anthropic";

const adaptive = { type: "adaptive", display: "summarized" };

function thinking(request: Record<string, unknown>, model: string) {
  const { body, dropped } = encoded(request, model);
  return { thinking: body.thinking, effort: Object(body.output_config).effort, dropped };
}

describe("reasoning_effort", () => {
  test.each([
    ["claude-opus-5", "low", { thinking: adaptive, effort: "low" }],
    ["claude-opus-5", "minimal", { thinking: adaptive, effort: "low" }],
    ["claude-opus-5", "xhigh", { thinking: adaptive, effort: "xhigh" }],
    ["claude-fable-5", "max", { thinking: adaptive, effort: "max" }],
    // The levels in between came later: never more than was asked for.
    ["claude-opus-4-6", "xhigh", { thinking: adaptive, effort: "high" }],
    ["claude-sonnet-4-6", "max", { thinking: adaptive, effort: "max" }],
    ["claude-opus-4-5", "max", { thinking: { type: "enabled", budget_tokens: 32_000 }, effort: "high" }],
    ["claude-sonnet-4-5", "minimal", { thinking: { type: "enabled", budget_tokens: 1024 } }],
    ["claude-sonnet-4-5", "low", { thinking: { type: "enabled", budget_tokens: 2048 } }],
    ["claude-sonnet-4-5", "medium", { thinking: { type: "enabled", budget_tokens: 8192 } }],
    ["claude-haiku-4-5", "high", { thinking: { type: "enabled", budget_tokens: 24_576 } }],
    ["claude-opus-4-1", "high", { thinking: { type: "enabled", budget_tokens: 16_000 } }],
    ["claude-3-7-sonnet", "low", { thinking: { type: "enabled", budget_tokens: 2048 } }],
  ])("%s, %s", (model, reasoning_effort, sent) => {
    expect(thinking({ reasoning_effort }, model)).toEqual({ effort: undefined, ...sent, dropped: [] });
  });

  test("is lost on a model that cannot think", () => {
    expect(thinking({ reasoning_effort: "high" }, "claude-3-5-haiku-20241022")).toEqual({
      dropped: ["reasoning_effort"],
    });
  });

  test.each([
    ["claude-sonnet-4-5", {}],
    ["claude-opus-4-8", {}],
    ["claude-3-haiku-20240307", {}],
    ["claude-opus-5", { thinking: { type: "disabled" } }],
    ["claude-sonnet-5", { thinking: { type: "disabled" } }],
    ["claude-haiku-5-5", { thinking: { type: "disabled" } }],
    ["claude-sonnet-5-5", { thinking: { type: "between_tools" } }],
    ["glm-5", { thinking: { type: "disabled" } }],
  ])("none on %s", (model, sent) => {
    expect(thinking({ reasoning_effort: "none" }, model)).toEqual({ ...sent, dropped: [] });
  });

  test.each(["claude-opus-5-5", "claude-fable-5", "claude-mythos-preview"])(
    "none on %s, which always thinks, is as little as there is",
    (model) => {
      expect(thinking({ reasoning_effort: "none" }, model)).toEqual({ effort: "low", dropped: ["reasoning_effort"] });
    },
  );

  test("a budget leaves half of max_tokens for the answer, and is not asked for below the least", () => {
    const model = "claude-sonnet-4-5";
    expect(thinking({ reasoning_effort: "high", max_tokens: 4000 }, model)).toMatchObject({
      thinking: { budget_tokens: 2000 },
    });
    expect(thinking({ reasoning_effort: "low", max_tokens: 2047 }, model)).toEqual({ dropped: ["reasoning_effort"] });
  });

  const tools = [{ type: "function", function: { name: "f" } }];

  test("older models cannot think where a tool call is forced, newer ones can", () => {
    const request = { reasoning_effort: "low", tools, tool_choice: "required" };
    expect(thinking(request, "claude-sonnet-4-5")).toEqual({ dropped: ["reasoning_effort"] });
    expect(thinking(request, "claude-opus-4-8")).toEqual({ effort: "low", dropped: [] });
    expect(thinking(request, "claude-opus-5")).toEqual({ thinking: adaptive, effort: "low", dropped: [] });
  });

  const loop = (blocks?: object[]) => [
    { role: "user", content: "go" },
    {
      role: "assistant",
      thinking_blocks: blocks,
      tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{}" } }],
    },
    { role: "tool", tool_call_id: "c", content: "1" },
  ];

  test("no budget where the caller lost the thinking of the tool loop it is in, as the API would refuse the whole", () => {
    const request = { reasoning_effort: "low", tools, messages: loop() };
    expect(thinking(request, "claude-sonnet-4-5")).toEqual({ dropped: ["reasoning_effort"] });
    expect(thinking(request, "claude-opus-4-6")).toEqual({ thinking: adaptive, effort: "low", dropped: [] });
    const kept = loop([{ type: "thinking", thinking: "hm", signature: "s" }]);
    const budget = { thinking: { type: "enabled", budget_tokens: 2048 }, dropped: [] };
    expect(thinking({ ...request, messages: kept }, "claude-sonnet-4-5")).toEqual(budget);
    const over = [...loop(), { role: "assistant", content: "It is 1." }, { role: "user", content: "Thanks." }];
    expect(thinking({ ...request, messages: over }, "claude-sonnet-4-5")).toEqual(budget);
  });

  test("sampling parameters are not taken beside it", () => {
    const { body, dropped } = encoded({ reasoning_effort: "low", temperature: 0.2, top_p: 1 }, "claude-sonnet-4-5");
    expect(body).not.toHaveProperty("temperature");
    expect(body).not.toHaveProperty("top_p");
    expect(dropped).toEqual(["temperature"]);
  });
});

describe("thinking in Anthropic's own form", () => {
  const own = { type: "enabled", budget_tokens: 5000 };

  test("passes as it is, on every model", () => {
    expect(thinking({ thinking: own }, "claude-sonnet-4-5")).toEqual({ thinking: own, dropped: [] });
    expect(thinking({ thinking: own }, "claude-opus-5-5")).toEqual({ thinking: own, dropped: [] });
  });

  test("goes before what reasoning_effort would make of it", () => {
    const disabled = { type: "disabled" };
    expect(thinking({ thinking: disabled, reasoning_effort: "high" }, "claude-opus-5")).toEqual({
      thinking: disabled,
      effort: "high",
      dropped: [],
    });
    expect(thinking({ thinking: own, reasoning_effort: "none" }, "claude-sonnet-4-5")).toEqual({
      thinking: own,
      dropped: [],
    });
  });
});
