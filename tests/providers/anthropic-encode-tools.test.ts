import { describe, expect, test } from "vitest";
import { encoded } from "@/tests/providers/anthropic";

const weather = { type: "function", function: { name: "weather", parameters: { type: "object", properties: {} } } };

describe("tools", () => {
  test("a function with everything, one without parameters, and Anthropic's own", () => {
    const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
    const search = { type: "web_search_20250305", name: "web_search", max_uses: 3 };
    const described = { name: "weather", description: "Tells it.", parameters: schema, strict: true };
    const { body } = encoded({
      tools: [
        { type: "function", function: described, cache_control: { type: "ephemeral" } },
        { type: "function", function: { name: "now", description: null, parameters: null, strict: false } },
        { type: "function", function: { name: "later", parameters: {} }, defer_loading: true },
        search,
      ],
    });
    expect(body.tools).toEqual([
      {
        name: "weather",
        description: "Tells it.",
        input_schema: schema,
        strict: true,
        cache_control: { type: "ephemeral" },
      },
      { name: "now", input_schema: { type: "object", properties: {} } },
      { name: "later", input_schema: { type: "object" }, defer_loading: true },
      search,
    ]);
    expect(body).not.toHaveProperty("tool_choice");
  });

  test.each([
    ["auto", { type: "auto" }],
    ["none", { type: "none" }],
    ["required", { type: "any" }],
    [
      { type: "function", function: { name: "weather" } },
      { type: "tool", name: "weather" },
    ],
    [
      { type: "tool", name: "weather" },
      { type: "tool", name: "weather" },
    ],
    [{ type: "any" }, { type: "any" }],
    [null, undefined],
  ])("the choice %j", (tool_choice, sent) => {
    const { body, dropped } = encoded({ tools: [weather], tool_choice });
    expect(body.tool_choice).toEqual(sent);
    expect(dropped).toEqual([]);
  });

  test.each([
    [undefined, { type: "auto", disable_parallel_tool_use: true }],
    ["auto", { type: "auto", disable_parallel_tool_use: true }],
    ["required", { type: "any", disable_parallel_tool_use: true }],
    [
      { type: "function", function: { name: "weather" } },
      { type: "tool", name: "weather", disable_parallel_tool_use: true },
    ],
    ["none", { type: "none" }],
  ])("one call at a time with the choice %j", (tool_choice, sent) => {
    expect(encoded({ tools: [weather], tool_choice, parallel_tool_calls: false }).body.tool_choice).toEqual(sent);
  });

  test("a choice without tools, and parallel calls that are allowed, say nothing", () => {
    const { body } = encoded({ tool_choice: "auto", parallel_tool_calls: false, tools: [] });
    expect(body).not.toHaveProperty("tool_choice");
    expect(body).not.toHaveProperty("tools");
    expect(encoded({ tools: [weather], parallel_tool_calls: true }).body).not.toHaveProperty("tool_choice");
  });

  test.each(["claude-opus-5-5", "claude-sonnet-5-5", "claude-fable-5-1"])(
    "%s cannot be forced to call one",
    (model) => {
      const { body, dropped } = encoded({ tools: [weather], tool_choice: "required" }, model);
      expect(body.tool_choice).toEqual({ type: "auto" });
      expect(dropped).toEqual(["tool_choice"]);
    },
  );

  test("of a selection among the tools only the mode can be said", () => {
    const tool_choice = { type: "allowed_tools", allowed_tools: { mode: "required", tools: [] } };
    const { body, dropped } = encoded({ tools: [weather], tool_choice });
    expect(body.tool_choice).toEqual({ type: "any" });
    expect(dropped).toEqual(["tool_choice"]);
  });
});
