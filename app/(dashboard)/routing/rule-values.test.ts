import { describe, expect, test } from "vitest";
import { ruleInput, ruleValues, withOperator } from "./rule-values";
import { conditionWords, type RuleRow } from "./rule-words";

type Condition = RuleRow["conditions"][number];

function rowOf(...conditions: Condition[]): RuleRow {
  return {
    id: "00000000-0000-4000-8000-000000000000",
    name: "rule",
    position: 0,
    enabled: true,
    managed: false,
    match: "all",
    stop: false,
    createdAt: new Date(0),
    conditions,
    actions: [{ action: "refuse", message: "No." }],
  };
}

describe("a rule that is opened and saved is the same rule", () => {
  test.each<Condition>([
    { field: "header", name: "x-team", operator: "in", value: ["a, b", "c"] },
    { field: "model", operator: "notIn", value: ["one,two"] },
    { field: "model", operator: "eq", value: "a, b" },
    { field: "metadata", name: "plan", operator: "matches", value: "a,*" },
    { field: "tokens", operator: "between", value: [1_000, 50_000] },
    { field: "time", operator: "between", value: ["22:00", "06:00"], timeZone: "Europe/Berlin" },
    { field: "header", name: "x-size", operator: "gt", value: 10 },
    { field: "tag", operator: "exists", value: false },
  ])("%j", (condition) => {
    expect(ruleInput(ruleValues(rowOf(condition))).conditions).toEqual([condition]);
  });
});

test("another operator keeps what was typed as far as it takes it", () => {
  const [typed] = ruleValues(rowOf({ field: "model", operator: "eq", value: "a, b" })).conditions;
  if (!typed) throw new Error("There is one.");
  const list = withOperator(typed, "in");
  expect(list).toMatchObject({ operator: "in", values: ["a, b"] });
  expect(withOperator(list, "notIn")).toMatchObject({ operator: "notIn", values: ["a, b"] });
  expect(withOperator(list, "ne")).toMatchObject({ operator: "ne", value: "a, b" });
});

test("what holds a comma is told apart from what stands beside it", () => {
  expect(conditionWords({ field: "model", operator: "in", value: ["a, b", "c"] })).toBe("Model is one of “a, b”, c");
});
