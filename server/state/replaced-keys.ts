import type { Catalog, CatalogKey } from "@/server/state/catalog";
import { reset } from "@/server/state/route-health";

/**
 * Puts back into service the keys whose credential is another than before, or that were not there: what is known of them is of the one
 * that they had. Each process does so as it takes the new one into use, and not before.
 */
export function putBackReplaced(before: Catalog, after: Catalog): void {
  const known = new Map(keysOf(before).map(({ id, credential }) => [id, credential.reveal()]));
  for (const { id, credential } of keysOf(after)) if (known.get(id) !== credential.reveal()) reset(id);
}

function keysOf({ providers }: Catalog): readonly CatalogKey[] {
  return [...providers.values()].flatMap(({ keys }) => keys);
}
