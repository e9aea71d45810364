import type { Native, Target } from "@/server/providers/provider";

/** What must differ in a request's body before a vendor takes it. */
export type Change = NonNullable<Native["change"]>;

/** One thing that a vendor has otherwise than OpenAI; it changes the draft in place. */
export type Rule = (draft: Draft) => void;

/** A request's body while rules change it. The body itself stays as it is. */
export class Draft {
  readonly target: Target;
  readonly #body: Readonly<Record<string, unknown>>;
  readonly #changed = new Map<string, unknown>();
  readonly #dropped = new Set<string>();

  constructor(body: Readonly<Record<string, unknown>>, target: Target) {
    this.#body = body;
    this.target = target;
  }

  /** A field as it is now; undefined where it is absent or null. */
  get(name: string): unknown {
    return (this.#changed.has(name) ? this.#changed.get(name) : this.#body[name]) ?? undefined;
  }

  set(name: string, value: unknown): void {
    this.#changed.set(name, value);
  }

  /** Leaves a field out whose meaning is kept in another way. */
  remove(name: string): void {
    if (this.#body[name] !== undefined || this.#changed.has(name)) this.#changed.set(name, undefined);
  }

  /** Leaves a field out that cannot be said to this vendor. A null asks for nothing, so nothing is lost with it. */
  drop(name: string): void {
    if (this.get(name) !== undefined) this.#dropped.add(name);
    this.remove(name);
  }

  /** Says that something was lost: a field, dotted for what is inside one. */
  lost(name: string): void {
    this.#dropped.add(name);
  }

  result(): ReturnType<Change> {
    const fields = [...this.#changed].map(([name, value]) => [
      name,
      value === undefined ? null : JSON.stringify(value),
    ]);
    return { fields: Object.fromEntries(fields), dropped: [...this.#dropped] };
  }

  /** The whole body as it is now, and what was lost. */
  whole(): { readonly body: Record<string, unknown>; readonly dropped: readonly string[] } {
    return { body: { ...this.#body, ...Object.fromEntries(this.#changed) }, dropped: [...this.#dropped] };
  }
}

/** The rules as a provider type's `change`, applied in their order. */
export function changes(...rules: readonly Rule[]): Change {
  return (body, target) => {
    const draft = new Draft(body, target);
    for (const rule of rules) rule(draft);
    return draft.result();
  };
}

/** Leaves these fields out, and says so. */
export function lacks(...names: readonly string[]): Rule {
  return (draft) => {
    for (const name of names) draft.drop(name);
  };
}

/** Says a field under the vendor's name for it, unless the caller uses that name as well. */
export function renames(from: string, to: string): Rule {
  return (draft) => {
    const value = draft.get(from);
    if (value !== undefined && draft.get(to) === undefined) draft.set(to, value);
    draft.remove(from);
  };
}

/** Brings a number into the range that the vendor takes, and says so where that changes it. */
export function within(name: string, least: number, most: number): Rule {
  return (draft) => {
    const value = draft.get(name);
    if (typeof value !== "number" || (value >= least && value <= most)) return;
    draft.set(name, Math.min(most, Math.max(least, value)));
    draft.lost(name);
  };
}

/** Leaves `n` out; more than one answer is not to be had. */
export const oneAnswer: Rule = (draft) => {
  if (draft.get("n") === 1) draft.remove("n");
  else draft.drop("n");
};

/** Applies the rules to the models whose name at the vendor fits. */
export function forModels(pattern: RegExp, ...rules: readonly Rule[]): Rule {
  return (draft) => {
    if (pattern.test(draft.target.model)) for (const rule of rules) rule(draft);
  };
}

/** Lets the model choose where the vendor cannot be told how: of `tool_choice` it takes only these words. */
export function toolChoices(...words: readonly string[]): Rule {
  return (draft) => {
    const choice = draft.get("tool_choice");
    if (choice === undefined || (typeof choice === "string" && words.includes(choice))) return;
    if (words.includes("object") && typeof choice === "object") return;
    draft.drop("tool_choice");
  };
}

/**
 * Says `reasoning_effort` to vendors that switch reasoning on or off by `thinking: {type}`. How much is lost, unless the vendor
 * has efforts beside the switch.
 */
export function thinkingSwitch(on: "enabled" | "adaptive", hasEfforts = false): Rule {
  return (draft) => {
    const effort = draft.get("reasoning_effort");
    if (effort === undefined) return;
    if (draft.get("thinking") === undefined) draft.set("thinking", { type: effort === "none" ? "disabled" : on });
    if (effort === "none") draft.remove("reasoning_effort");
    else if (!hasEfforts) draft.drop("reasoning_effort");
  };
}
