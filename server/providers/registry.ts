import { anthropic } from "@/server/providers/anthropic";
import { demo } from "@/server/providers/demo";
import { openai } from "@/server/providers/openai";
import { openaiCompatible } from "@/server/providers/openai-compatible";
import type { ProviderType } from "@/server/providers/provider";
import * as vendors from "@/server/providers/vendors";

const byLabel = Object.values<ProviderType>(vendors).toSorted((left, right) => left.label.localeCompare(right.label));

/** Every provider type by its id, in the order in which a person is offered them. */
export const providerTypes: ReadonlyMap<string, ProviderType> = new Map(
  [openai, anthropic, ...byLabel, openaiCompatible, demo].map((type) => [type.id, type]),
);

/** The provider type with this id; undefined when there is none. */
export function providerType(id: string): ProviderType | undefined {
  return providerTypes.get(id);
}
