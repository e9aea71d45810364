import { z } from "zod";

/** What a condition may look at, and how its value is read. */
export const ruleFields = {
  model: "text",
  key: "text",
  group: "text",
  tag: "text",
  header: "text",
  metadata: "text",
  content: "text",
  weekday: "text",
  time: "time",
  tokens: "number",
  budget: "number",
} as const;
export type RuleField = keyof typeof ruleFields;
type Reading = (typeof ruleFields)[RuleField];

/** How a condition compares. `matches` takes a text in which `*` stands for any characters and `?` for one. */
export const ruleOperators = ["eq", "ne", "in", "notIn", "matches", "gt", "lt", "exists", "between"] as const;
export type RuleOperator = (typeof ruleOperators)[number];

/** What a request may hold, as the field `content` names it. */
export const contentKinds = ["images", "audio", "files", "tools", "json_schema", "reasoning"] as const;
export type ContentKind = (typeof contentKinds)[number];

/** From Sunday on, as `Date` counts. */
export const weekdays = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] as const;

const word = z.string().min(1).max(300);
const words = z.array(word).min(1).max(200);
const clock = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, "must be a time such as 08:30");
const finite = z.number().min(-1e15).max(1e15);

/** What each way of reading takes as a value, by operator; an operator that is missing has no meaning there. */
const values: Readonly<Record<Reading, Readonly<Partial<Record<RuleOperator, z.ZodType>>>>> = {
  text: {
    eq: word,
    ne: word,
    in: words,
    notIn: words,
    matches: word,
    exists: z.boolean(),
    gt: finite,
    lt: finite,
    between: z.tuple([finite, finite]),
  },
  number: { eq: finite, ne: finite, gt: finite, lt: finite, exists: z.boolean(), between: z.tuple([finite, finite]) },
  time: { gt: clock, lt: clock, between: z.tuple([clock, clock]) },
};

/** One condition. `name` is the header's or the metadata's; `timeZone` is an IANA name, UTC where there is none. */
export const RuleCondition = z
  .strictObject({
    field: z.enum([
      "model",
      "key",
      "group",
      "tag",
      "header",
      "metadata",
      "content",
      "weekday",
      "time",
      "tokens",
      "budget",
    ]),
    name: word.optional(),
    operator: z.enum(ruleOperators),
    value: z.json().optional(),
    timeZone: z.string().min(1).max(60).optional(),
  })
  .superRefine((condition, context) => {
    for (const { path, message } of conditionProblems(condition)) context.addIssue({ code: "custom", path, message });
  });
export type RuleCondition = z.infer<typeof RuleCondition>;

/** Deployments by what is known of them: any word of any list is enough. A deployment is its id, or `provider/model`. */
const targets = {
  providers: words.optional(),
  tags: words.optional(),
  regions: words.optional(),
  deployments: words.optional(),
};
export type RuleTargets = {
  readonly providers?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly regions?: readonly string[] | undefined;
  readonly deployments?: readonly string[] | undefined;
};

const SomeTargets = (action: "choose" | "exclude") =>
  z
    .strictObject({ action: z.literal(action), ...targets })
    .refine(
      ({ providers, tags, regions, deployments }) => providers ?? tags ?? regions ?? deployments,
      "must name providers, tags, regions or deployments",
    );

/** Fields that the gateway itself decides by. */
const RESERVED = new Set([
  "model",
  "models",
  "stream",
  "messages",
  "input",
  "contents",
  "prompt",
  "documents",
  "query",
]);

const Parameters = z
  .record(word, z.json())
  .refine((parameters) => Object.keys(parameters).length > 0, "must set at least one field")
  .refine(
    (parameters) => !Object.keys(parameters).some((name) => RESERVED.has(name)),
    `must not set ${[...RESERVED].join(", ")}`,
  );

/** What a rule does: narrow the targets, ask for another model, set fields of the request (null takes one out), or refuse. */
export const RuleAction = z.discriminatedUnion("action", [
  SomeTargets("choose"),
  SomeTargets("exclude"),
  z.strictObject({ action: z.literal("rewrite"), model: word }),
  z.strictObject({ action: z.literal("set"), parameters: Parameters }),
  z.strictObject({ action: z.literal("refuse"), message: z.string().min(1).max(1_000) }),
]);
export type RuleAction = z.infer<typeof RuleAction>;

/** What a rule says, apart from its name and place. */
export const ruleShape = {
  match: z.enum(["all", "any"]).default("all").describe("Whether all or any of the conditions must hold."),
  conditions: z.array(RuleCondition).max(50).default([]).describe("None: the rule holds for every call."),
  actions: z.array(RuleAction).min(1).max(20),
  stop: z.boolean().default(false).describe("Whether later rules are passed over when this one holds."),
};

type Problem = { readonly path: string[]; readonly message: string };
type Written = {
  readonly field: RuleField;
  readonly name?: string | undefined;
  readonly operator: RuleOperator;
  readonly value?: unknown;
  readonly timeZone?: string | undefined;
};

function conditionProblems({ field, name, operator, value, timeZone }: Written): readonly Problem[] {
  const found: Problem[] = [];
  const named = field === "header" || field === "metadata";
  if (named && name === undefined) found.push({ path: ["name"], message: `must name the ${field}` });
  if (!named && name !== undefined) found.push({ path: ["name"], message: `has no meaning for ${field}` });
  const schema = values[ruleFields[field]][operator];
  if (!schema) found.push({ path: ["operator"], message: `has no meaning for ${field}` });
  else if (!(operator === "exists" && value === undefined) && !schema.safeParse(value).success)
    found.push({ path: ["value"], message: `is not a value that ${operator} takes for ${field}` });
  else if (schema && !named && comparesNumbers(operator) && ruleFields[field] === "text")
    found.push({ path: ["operator"], message: `has no meaning for ${field}` });
  if (timeZone !== undefined && !isTimeZone(timeZone))
    found.push({ path: ["timeZone"], message: "is not the name of a time zone, such as Europe/Berlin" });
  if (field === "content") found.push(...unknownWords(value, contentKinds));
  if (field === "weekday") found.push(...unknownWords(value, weekdays));
  return found;
}

function comparesNumbers(operator: RuleOperator): boolean {
  return operator === "gt" || operator === "lt" || operator === "between";
}

function unknownWords(value: unknown, known: readonly string[]): readonly Problem[] {
  const given = (Array.isArray(value) ? value : [value]).filter((one): one is string => typeof one === "string");
  const unknown = given.find((one) => !known.includes(one) && !/[*?]/.test(one));
  return unknown === undefined ? [] : [{ path: ["value"], message: `must be of ${known.join(", ")}` }];
}

/** Whether this is a name that the time zone database knows. */
function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    // The one way there is to ask.
    return false;
  }
}

/** Whether a text is what a pattern describes; in time that grows with both lengths and not faster. */
export function globMatches(pattern: string, text: string): boolean {
  let at = 0;
  let from = 0;
  let star = -1;
  let mark = 0;
  while (at < text.length) {
    const sign = pattern[from];
    if (sign === "*") {
      star = from++;
      mark = at;
    } else if (sign !== undefined && (sign === "?" || sign === text[at])) {
      from++;
      at++;
    } else if (star !== -1) {
      from = star + 1;
      at = ++mark;
    } else return false;
  }
  while (pattern[from] === "*") from++;
  return from === pattern.length;
}
