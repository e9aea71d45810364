import type { z } from "zod";
import { budgetPeriods, type KeyChange } from "@/server/api/keys.schema";
import type { KeyRow } from "./key-list";

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
  rpm: string;
  tpm: string;
  concurrent: string;
  tags: string[];
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
    budgets: (key?.budgets ?? []).map(({ period, limitUsd }) => ({ period: periodFrom(period), limitUsd })),
    rpm: key?.rpm?.toString() ?? "",
    tpm: key?.tpm?.toString() ?? "",
    concurrent: key?.concurrent?.toString() ?? "",
    tags: key?.tags ?? [],
  };
}

/** The fields as the API takes them, for a new key and for a change alike. */
export function inputOf(values: KeyValues): Omit<z.input<typeof KeyChange>, "id"> & { name: string } {
  return {
    name: values.name,
    groupId: values.groupId || null,
    models: values.allModels ? ["*"] : values.models,
    expiresAt: values.expiresAt === "" ? null : new Date(values.expiresAt),
    budgets: values.budgets,
    limits: { rpm: numberOf(values.rpm), tpm: numberOf(values.tpm), concurrent: numberOf(values.concurrent) },
    tags: values.tags,
  };
}

/** A moment as a `datetime-local` field writes it. */
export function localInputValue(at: Date): string {
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}

function periodFrom(period: string): Period {
  return budgetPeriods.find((known) => known === period) ?? "total";
}

/** What is not a number stays one that no schema accepts, so that it is refused and not dropped. */
function numberOf(text: string): number | null {
  return text.trim() === "" ? null : Number(text);
}
