import type { z } from "zod";
import type { budgetPeriods, KeyChange, NewKey } from "@/server/api/keys.schema";
import type { KeyRow } from "./key-list";
import { type LimitValues, limitInput, limitValues, type ModelLimitValues, modelLimitValues } from "./limit-fields";

/** How long a budget lasts. */
export type Period = (typeof budgetPeriods)[number];

/** What the fields of a key hold. `expiresAt` is a local date and time, empty for never; numbers are as typed. */
export type KeyValues = {
  name: string;
  groupId: string;
  allModels: boolean;
  models: string[];
  expiresAt: string;
  budgets: { period: Period; limitUsd: string }[];
  limits: LimitValues;
  modelLimits: ModelLimitValues[];
  tags: string[];
  strict: boolean;
  cache: boolean;
};

/** The fields as a key has them, or as a new one begins. */
export function valuesOf(key: KeyRow | undefined): KeyValues {
  const allModels = !key || key.models.includes("*");
  return {
    name: key?.name ?? "",
    groupId: key?.group?.id ?? "",
    allModels,
    models: allModels ? [] : (key?.models ?? []),
    expiresAt: key?.expiresAt ? localInputValue(key.expiresAt) : "",
    budgets: [],
    limits: limitValues(key),
    modelLimits: (key?.modelLimits ?? []).map(modelLimitValues),
    tags: key?.tags ?? [],
    strict: key?.strict ?? false,
    cache: key?.cache ?? false,
  };
}

type KeyInput = Omit<z.input<typeof KeyChange>, "id" | "budgets"> & { name: string };

/** The fields as the API takes them, for a new key and for a change alike; budgets stand for themselves once there is a key. */
export function inputOf(values: KeyValues): KeyInput {
  return {
    name: values.name,
    groupId: values.groupId || null,
    models: values.allModels ? ["*"] : values.models,
    expiresAt: values.expiresAt === "" ? null : new Date(values.expiresAt),
    limits: limitInput(values.limits),
    modelLimits: values.modelLimits.map((entry) => ({ model: entry.model, ...limitInput(entry) })),
    tags: values.tags,
    strict: values.strict,
    cache: values.cache,
  };
}

/** The fields of a new key, with the budgets that it begins with. */
export function newInputOf(values: KeyValues): z.input<typeof NewKey> {
  return { ...inputOf(values), budgets: values.budgets };
}

/** A moment as a `datetime-local` field writes it. */
export function localInputValue(at: Date): string {
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
