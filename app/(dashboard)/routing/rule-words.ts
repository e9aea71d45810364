import type { z } from "zod";
import type { Outputs } from "@/components/trpc";
import type { NewRule } from "@/server/api/routing.schema";

/** A routing rule as the list gives it. */
export type RuleRow = Outputs["routing"]["rules"][number];

export type RuleInput = z.input<typeof NewRule>;
export type ConditionInput = NonNullable<RuleInput["conditions"]>[number];
export type ActionInput = RuleInput["actions"][number];
export type RuleField = ConditionInput["field"];
export type RuleOperator = ConditionInput["operator"];

type Reading = "text" | "named" | "number" | "time";

/** What a condition may look at, how its value is read, and an example of it. */
export const fieldFacts: Readonly<Record<RuleField, { label: string; reading: Reading; example: string }>> = {
  model: { label: "Model", reading: "text", example: "gpt-4o" },
  key: { label: "Key", reading: "text", example: "storefront" },
  group: { label: "Group", reading: "text", example: "team-a" },
  tag: { label: "Tag", reading: "text", example: "team:search" },
  header: { label: "Header", reading: "named", example: "eu" },
  metadata: { label: "Metadata", reading: "named", example: "premium" },
  content: { label: "Content", reading: "text", example: "images" },
  tokens: { label: "Input tokens", reading: "number", example: "100000" },
  budget: { label: "Budget left, in dollars", reading: "number", example: "5" },
  time: { label: "Time of day", reading: "time", example: "08:00" },
  weekday: { label: "Weekday", reading: "text", example: "mon" },
};

/** How a condition compares, in words. */
export const operatorLabels: Readonly<Record<RuleOperator, string>> = {
  eq: "is",
  ne: "is not",
  in: "is one of",
  notIn: "is none of",
  matches: "matches",
  gt: "is more than",
  lt: "is less than",
  between: "is between",
  exists: "is there",
};

const operators: Readonly<Record<Reading, readonly RuleOperator[]>> = {
  text: ["eq", "ne", "in", "notIn", "matches", "exists"],
  named: ["eq", "ne", "in", "notIn", "matches", "gt", "lt", "between", "exists"],
  number: ["gt", "lt", "between", "eq", "ne", "exists"],
  time: ["between", "gt", "lt"],
};

/** The ways of comparing that have a meaning for a field. */
export function operatorsOf(field: RuleField): readonly RuleOperator[] {
  return operators[fieldFacts[field].reading];
}

/** A condition as a person says it. */
export function conditionWords({ field, name, operator, value, timeZone }: RuleRow["conditions"][number]): string {
  const what = name === undefined ? fieldFacts[field].label : `${fieldFacts[field].label} ${name}`;
  if (operator === "exists") return `${what} ${value === false ? "is not there" : "is there"}`;
  const text = Array.isArray(value) ? listWords(value, operator === "between" ? " and " : ", ") : String(value ?? "");
  return `${what} ${operatorLabels[operator]} ${text}${timeZone ? ` (${timeZone})` : ""}`;
}

/** What holds a comma itself is set apart. */
function listWords(values: readonly unknown[], between: string): string {
  return values.map((one) => (String(one).includes(",") ? `“${String(one)}”` : String(one))).join(between);
}

/** An action as a person says it. */
export function actionWords(action: RuleRow["actions"][number]): string {
  switch (action.action) {
    case "choose":
      return `only ${targetWords(action)}`;
    case "exclude":
      return `never ${targetWords(action)}`;
    case "rewrite":
      return `ask for ${action.model}`;
    case "set":
      return `set ${Object.keys(action.parameters).join(", ")}`;
    case "refuse":
      return `refuse: ${action.message}`;
    default:
      return action satisfies never;
  }
}

type Targets = Extract<RuleRow["actions"][number], { action: "choose" | "exclude" }>;

function targetWords({ providers, tags, regions, deployments }: Targets): string {
  return [
    ...(providers ?? []),
    ...(tags ?? []).map((tag) => `tag ${tag}`),
    ...(regions ?? []).map((region) => `region ${region}`),
    ...(deployments ?? []),
  ].join(", ");
}
