import {
  type ActionInput,
  type ConditionInput,
  fieldFacts,
  type RuleField,
  type RuleInput,
  type RuleOperator,
  type RuleRow,
} from "./rule-words";

/** A condition as typed; a span is two values with a comma between. `id` tells conditions apart while they are edited. */
export type ConditionValues = {
  id: string;
  field: RuleField;
  name: string;
  operator: RuleOperator;
  value: string;
  /** What a list holds, whose values may hold commas. */
  values: string[];
  timeZone: string;
};

/** An action as typed; only what belongs to its kind is sent. */
export type ActionValues = {
  id: string;
  kind: ActionInput["action"];
  providers: string[];
  tags: string[];
  regions: string[];
  deployments: string[];
  model: string;
  /** A JSON object. */
  parameters: string;
  message: string;
};

export type RuleValues = {
  name: string;
  match: "all" | "any";
  stop: boolean;
  conditions: ConditionValues[];
  actions: ActionValues[];
};

export const newCondition = (): ConditionValues => ({
  id: crypto.randomUUID(),
  field: "model",
  name: "",
  operator: "eq",
  value: "",
  values: [],
  timeZone: "",
});

export const newAction = (): ActionValues => ({
  id: crypto.randomUUID(),
  kind: "choose",
  providers: [],
  tags: [],
  regions: [],
  deployments: [],
  model: "",
  parameters: "{}",
  message: "",
});

/** A rule as fields hold it, or as a new one begins. */
export function ruleValues(rule: RuleRow | undefined): RuleValues {
  if (!rule) return { name: "", match: "all", stop: false, conditions: [newCondition()], actions: [newAction()] };
  const { name, match, stop } = rule;
  return {
    name,
    match,
    stop,
    conditions: rule.conditions.map(conditionValues),
    actions: rule.actions.map(actionValues),
  };
}

function conditionValues({ field, name = "", operator, value, timeZone = "" }: RuleRow["conditions"][number]) {
  const start = { ...newCondition(), field, name, operator, timeZone };
  if (takesList(operator)) return { ...start, values: Array.isArray(value) ? value.map(String) : [] };
  return { ...start, value: Array.isArray(value) ? value.join(", ") : value === undefined ? "" : String(value) };
}

/** Whether an operator compares with a list. */
export function takesList(operator: RuleOperator): boolean {
  return operator === "in" || operator === "notIn";
}

/** A condition with another operator, which keeps what was typed as far as that one takes it. */
export function withOperator(condition: ConditionValues, operator: RuleOperator): ConditionValues {
  const { value, values } = condition;
  if (takesList(operator) && !takesList(condition.operator))
    return { ...condition, operator, values: value.trim() === "" ? values : [value.trim()] };
  if (!takesList(operator) && takesList(condition.operator))
    return { ...condition, operator, value: values[0] ?? value };
  return { ...condition, operator };
}

function actionValues(action: RuleRow["actions"][number]): ActionValues {
  const start = { ...newAction(), kind: action.action };
  switch (action.action) {
    case "choose":
    case "exclude": {
      const { providers = [], tags = [], regions = [], deployments = [] } = action;
      return { ...start, providers, tags, regions, deployments };
    }
    case "rewrite":
      return { ...start, model: action.model };
    case "set":
      return { ...start, parameters: JSON.stringify(action.parameters, null, 2) };
    case "refuse":
      return { ...start, message: action.message };
    default:
      return action satisfies never;
  }
}

/** The fields as the API takes them. */
export function ruleInput({ name, match, stop, conditions, actions }: RuleValues): RuleInput {
  return { name, match, stop, conditions: conditions.map(conditionInput), actions: actions.map(actionInput) };
}

function conditionInput({ field, name, operator, value, values, timeZone }: ConditionValues): ConditionInput {
  const { reading } = fieldFacts[field];
  const timed = field === "time" || field === "weekday";
  return {
    field,
    operator,
    ...(reading === "named" && { name: name.trim() }),
    ...(timed && timeZone.trim() !== "" && { timeZone: timeZone.trim() }),
    value: takesList(operator) ? values : valueOfText(value, operator, reading),
  };
}

function valueOfText(text: string, operator: RuleOperator, reading: string): ConditionInput["value"] {
  if (operator === "exists") return text !== "false";
  const counts = reading === "number" || (reading === "named" && ["gt", "lt", "between"].includes(operator));
  const one = (part: string) => (counts && part.trim() !== "" ? Number(part) : part.trim());
  if (operator === "between") {
    return text
      .split(",")
      .filter((part) => part.trim() !== "")
      .map(one);
  }
  return one(text);
}

function actionInput(values: ActionValues): ActionInput {
  switch (values.kind) {
    case "choose":
    case "exclude":
      return { action: values.kind, ...targetsOf(values) };
    case "rewrite":
      return { action: values.kind, model: values.model.trim() };
    case "set":
      return { action: values.kind, parameters: objectOf(values.parameters) };
    case "refuse":
      return { action: values.kind, message: values.message };
    default:
      return values.kind satisfies never;
  }
}

function targetsOf({ providers, tags, regions, deployments }: ActionValues) {
  return {
    ...(providers.length > 0 && { providers }),
    ...(tags.length > 0 && { tags }),
    ...(regions.length > 0 && { regions }),
    ...(deployments.length > 0 && { deployments }),
  };
}

/** What is no JSON object becomes an empty one, which the schema refuses. */
function objectOf(text: string): Extract<ActionInput, { action: "set" }>["parameters"] {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === "object" && parsed !== null && !Array.isArray(parsed) ? { ...parsed } : {};
  } catch {
    // Told at the field, in the schema's words.
    return {};
  }
}
