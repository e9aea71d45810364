import type { ChatToolCallDelta } from "@/server/wire/chat";
import { isRecord, textOf } from "@/server/wire/json";

/** Arguments are a text of JSON; some vendors give the object itself, or nothing where there are none. */
export function argumentsOf(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : JSON.stringify(value);
}

/** Gives every tool call an index of its own: some vendors number none, or all of them 0, and tell them apart by id. */
export class CallIndex {
  #ids = new Map<string, string>();
  #next = new Map<number, number>();
  #byKey = new Map<string, number>();
  #last = new Map<number, number>();

  read(call: Record<string, unknown>, choice: number): ChatToolCallDelta {
    const id = textOf(call.id);
    const index = this.#indexOf(typeof call.index === "number" ? call.index : undefined, id, choice);
    const key = `${choice}:${index}`;
    const isNew = !this.#ids.has(key);
    if (isNew) this.#ids.set(key, id ?? `call_${choice}_${index}`);
    const extra = isRecord(call.extra_content) ? { extra_content: call.extra_content } : {};
    const opening = isNew ? { id: this.#ids.get(key) ?? "" } : {};
    if (isRecord(call.custom))
      return {
        index,
        ...opening,
        type: "custom",
        custom: named(call.custom, isNew, { input: textOf(call.custom.input) ?? "" }),
        ...extra,
      };
    const called = isRecord(call.function) ? call.function : {};
    return {
      index,
      ...opening,
      ...(isNew && { type: "function" as const }),
      function: named(called, isNew, { arguments: argumentsOf(called.arguments) }),
      ...extra,
    };
  }

  #indexOf(given: number | undefined, id: string | undefined, choice: number): number {
    const key = `${choice}:${given ?? ""}:${id ?? ""}`;
    const known =
      this.#byKey.get(key) ?? (id === undefined ? this.#byKey.get(`${choice}:${given ?? ""}:last`) : undefined);
    if (known !== undefined) return known;
    if (id === undefined && given === undefined && this.#last.has(choice)) return this.#last.get(choice) ?? 0;
    const index = this.#next.get(choice) ?? 0;
    this.#next.set(choice, index + 1);
    this.#byKey.set(key, index);
    this.#byKey.set(`${choice}:${given ?? ""}:last`, index);
    this.#last.set(choice, index);
    return index;
  }
}

function named<Rest extends object>(
  called: Record<string, unknown>,
  isNew: boolean,
  rest: Rest,
): Rest & { name?: string } {
  const name = textOf(called.name);
  return isNew && name ? { name, ...rest } : rest;
}
