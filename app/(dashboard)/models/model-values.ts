import type { z } from "zod";
import type { NewModel } from "@/server/api/models.schema";
import type { ModelRow } from "./models";
import { strategyFrom } from "./strategies";

type ModelInput = Omit<z.input<typeof NewModel>, "enabled">;

/** What the fields of a model hold; numbers are as typed, and empty is the gateway's own setting. */
export type ModelValues = {
  name: string;
  strategy: NonNullable<ModelInput["strategy"]>;
  fallbacks: string[];
  fallbacksOnContext: string[];
  fallbacksOnPolicy: string[];
  rescue: boolean;
  hedge: boolean;
  cache: boolean;
  firstByteMs: string;
  retries: string;
  cacheTtlSeconds: string;
};

/** The fields as a model has them, or as a new one begins. */
export function modelValues(model: ModelRow | undefined): ModelValues {
  const { fallbacks = [], fallbacksOnContext = [], fallbacksOnPolicy = [] } = model ?? {};
  return {
    name: model?.name ?? "",
    strategy: strategyFrom(model?.strategy ?? "priority"),
    ...{ fallbacks, fallbacksOnContext, fallbacksOnPolicy },
    rescue: model?.rescue ?? true,
    hedge: model?.hedge ?? false,
    cache: model?.cache ?? false,
    firstByteMs: textOf(model?.firstByteMs),
    retries: textOf(model?.retries),
    cacheTtlSeconds: textOf(model?.cacheTtlSeconds),
  };
}

/** The fields as the API takes them. */
export function modelInput(values: ModelValues): ModelInput {
  const { firstByteMs, retries, cacheTtlSeconds, ...rest } = values;
  return {
    ...rest,
    firstByteMs: numberOf(firstByteMs),
    retries: numberOf(retries),
    cacheTtlSeconds: numberOf(cacheTtlSeconds),
  };
}

function textOf(number: number | null | undefined): string {
  return number?.toString() ?? "";
}

/** What is not a number stays one that no schema accepts, so that it is refused and not dropped. */
function numberOf(text: string): number | null {
  return text.trim() === "" ? null : Number(text);
}
