import { z } from "zod";
import { query } from "@/server/db/sql";
import { log } from "@/server/log";
import {
  globMatches,
  type RuleAction,
  type RuleCondition,
  type RuleField,
  ruleFields,
  ruleShape,
  weekdays,
} from "@/server/wire/routing-rule";

/** What rules may look at of one call; each is worked out when a rule asks for it. */
export type RuleFacts = {
  /** The model that is asked for, by every name that it has. */
  readonly models: readonly string[];
  /** Name and id. */
  readonly key: readonly string[];
  readonly group: readonly string[];
  readonly tags: readonly string[];
  /** By small letters. */
  header(name: string): string | undefined;
  metadata(name: string): string | undefined;
  /** Kinds of content that the request holds. */
  content(): readonly string[];
  /** Of the prompt, about. */
  tokens(): number;
  /** What the tightest budget has left, in US dollars; undefined where there is none. */
  readonly budgetUsd: number | undefined;
  readonly nowMs: number;
};

/** A rule ready to be asked. */
export type Rule = {
  readonly id: string;
  readonly name: string;
  readonly holds: (facts: RuleFacts) => boolean;
  readonly actions: readonly RuleAction[];
  readonly stop: boolean;
  /** It asks what is left of the caller's budgets. */
  readonly asksBudget: boolean;
};

const Stored = z.object(ruleShape);
type Row = { id: string; name: string; match: string; conditions: unknown; actions: unknown; stop: boolean };

/** The enabled rules in their order; one that cannot be read is left out, and the log says so. */
export async function readRules(): Promise<readonly Rule[]> {
  const rows = await query<Row>(
    "SELECT id, name, match, conditions, actions, stop FROM routing_rule WHERE enabled ORDER BY position, created_at, id",
  );
  return rows.flatMap(({ id, name, ...said }): Rule[] => {
    const read = Stored.safeParse(said);
    if (read.success) return [compileRule({ id, name, ...read.data })];
    log.error({ rule: name }, "A routing rule cannot be read; it does not hold.");
    return [];
  });
}

type Said = { readonly id: string; readonly name: string } & z.infer<typeof Stored>;

/** Makes a rule ready; its conditions must have passed the schema. */
export function compileRule({ id, name, match, conditions, actions, stop }: Said): Rule {
  const tests = conditions.map(testOf);
  const holds =
    match === "any" && tests.length > 0
      ? (facts: RuleFacts) => tests.some((test) => test(facts))
      : (facts: RuleFacts) => tests.every((test) => test(facts));
  return { id, name, holds, actions, stop, asksBudget: conditions.some(({ field }) => field === "budget") };
}

type Test = (facts: RuleFacts) => boolean;

function testOf(condition: RuleCondition): Test {
  switch (ruleFields[condition.field]) {
    case "text":
      return textTest(condition, textsOf(condition));
    case "number":
      return numberTest(
        condition,
        condition.field === "tokens" ? (facts) => facts.tokens() : (facts) => facts.budgetUsd,
      );
    case "time":
      return timeTest(condition);
  }
}

/** The texts that a condition looks at: none, one, or several, of which one that fits is enough. */
function textsOf({ field, name = "", timeZone }: RuleCondition): (facts: RuleFacts) => readonly string[] {
  const header = name.toLowerCase();
  const readers: Partial<Record<RuleField, (facts: RuleFacts) => readonly string[]>> = {
    model: (facts) => facts.models,
    key: (facts) => facts.key,
    group: (facts) => facts.group,
    tag: (facts) => facts.tags,
    header: (facts) => listed(facts.header(header)),
    metadata: (facts) => listed(facts.metadata(name)),
    content: (facts) => facts.content(),
    weekday: (facts) => [weekdays[clockAt(facts.nowMs, timeZone).weekday] ?? ""],
  };
  return readers[field] ?? (() => []);
}

function listed(value: string | undefined): readonly string[] {
  return value === undefined ? [] : [value];
}

function textTest({ operator, value }: RuleCondition, texts: (facts: RuleFacts) => readonly string[]): Test {
  const wanted = new Set(Array.isArray(value) ? value.map(String) : [String(value)]);
  const pattern = String(value);
  switch (operator) {
    case "eq":
    case "in":
      return (facts) => texts(facts).some((text) => wanted.has(text));
    case "ne":
    case "notIn":
      return (facts) => !texts(facts).some((text) => wanted.has(text));
    case "matches":
      return (facts) => texts(facts).some((text) => globMatches(pattern, text));
    case "exists":
      return (facts) => texts(facts).length > 0 === (value !== false);
    default: {
      const test = comparison(operator, value);
      return (facts) => texts(facts).some((text) => text.trim() !== "" && test(Number(text)));
    }
  }
}

function numberTest({ operator, value }: RuleCondition, read: (facts: RuleFacts) => number | undefined): Test {
  if (operator === "exists") return (facts) => (read(facts) !== undefined) === (value !== false);
  const test = comparison(operator, value);
  return (facts) => {
    const number = read(facts);
    return number !== undefined && test(number);
  };
}

/** What is no number fits nothing. */
function comparison(operator: RuleCondition["operator"], value: unknown): (given: number) => boolean {
  if (operator === "between") {
    const [low, high] = Array.isArray(value) ? value.map(Number) : [];
    return (given) => low !== undefined && high !== undefined && given >= low && given <= high;
  }
  const bound = Number(value);
  if (operator === "gt") return (given) => given > bound;
  if (operator === "lt") return (given) => given < bound;
  return operator === "ne" ? (given) => given !== bound : (given) => given === bound;
}

/** A span whose end comes before its beginning goes over midnight; its end is no part of it. */
function timeTest({ operator, value, timeZone }: RuleCondition): Test {
  const [from, to] = (Array.isArray(value) ? value : [value]).map((text) => minutesOf(String(text)));
  const now = (facts: RuleFacts) => clockAt(facts.nowMs, timeZone).minutes;
  if (from === undefined) return () => false;
  if (operator === "gt") return (facts) => now(facts) > from;
  if (operator === "lt") return (facts) => now(facts) < from;
  if (to === undefined) return () => false;
  return (facts) => (from <= to ? now(facts) >= from && now(facts) < to : now(facts) >= from || now(facts) < to);
}

function minutesOf(clock: string): number {
  const [hours, minutes] = clock.split(":").map(Number);
  return (hours ?? 0) * 60 + (minutes ?? 0);
}

type Clock = { readonly minutes: number; readonly weekday: number };

const weekdayNames: readonly string[] = weekdays;
const MINUTE_MS = 60_000;
/** The last minute that was worked out, by time zone: the time zone database is slow to ask. */
const clocks = new Map<string, { readonly minute: number; readonly clock: Clock }>();

function clockAt(nowMs: number, timeZone = "UTC"): Clock {
  const minute = Math.floor(nowMs / MINUTE_MS);
  const known = clocks.get(timeZone);
  if (known?.minute === minute) return known.clock;
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    weekday: "short",
    hour: "numeric",
    minute: "numeric",
  }).formatToParts(nowMs);
  const part = (type: string) => parts.find((one) => one.type === type)?.value ?? "";
  const weekday = weekdayNames.indexOf(part("weekday").toLowerCase());
  const clock = { minutes: Number(part("hour")) * 60 + Number(part("minute")), weekday };
  clocks.set(timeZone, { minute, clock });
  return clock;
}
