import type { Transaction } from "@/server/api/change";
import { badInput, conflict } from "@/server/api/errors";

/** Makes changes of models wait for each other: two that are right alone could close a circle together. */
export async function holdFallbacks(tx: Transaction): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('conduit_fallbacks'))`;
}

/** Refuses a model whose fallbacks, as stored, do not all exist or lead back to it. */
export async function checkFallbacks(tx: Transaction, name: string): Promise<void> {
  const rows = await tx.model.findMany({ select: { name: true, fallbacks: true } });
  const fallbacksOf = new Map(rows.map((row) => [row.name, row.fallbacks]));
  const missing = fallbacksOf.get(name)?.find((fallback) => !fallbacksOf.has(fallback));
  if (missing !== undefined) throw badInput(`There is no model "${missing}" to fall back to.`, "fallbacks");
  const circle = wayBack(name, fallbacksOf);
  if (circle) throw badInput(`These fallbacks lead in a circle: ${circle.join(" → ")}.`, "fallbacks");
}

/** The models that fall back to this one. */
export function fallbackUsers(
  tx: Transaction,
  name: string,
): Promise<{ id: string; name: string; managed: boolean; fallbacks: string[] }[]> {
  return tx.model.findMany({
    where: { fallbacks: { has: name } },
    select: { id: true, name: true, managed: true, fallbacks: true },
    orderBy: { name: "asc" },
  });
}

/** Lets the fallbacks of other models follow a model to its new name; refuses when conduit.json holds the old one. */
export async function renameFallback(tx: Transaction, from: string, to: string): Promise<void> {
  for (const user of await fallbackUsers(tx, from)) {
    if (user.managed)
      throw conflict(`conduit.json has "${user.name}" fall back to "${from}". Change it there first.`, "name");
    const fallbacks = user.fallbacks.map((fallback) => (fallback === from ? to : fallback));
    await tx.model.update({ where: { id: user.id }, data: { fallbacks }, select: { id: true } });
  }
}

/** The shortest path from a model over fallbacks back to itself; undefined when there is none. */
function wayBack(start: string, fallbacksOf: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const seen = new Set<string>();
  const paths: string[][] = [[start]];
  for (const path of paths) {
    for (const next of fallbacksOf.get(path.at(-1) ?? "") ?? []) {
      if (next === start) return [...path, next];
      if (seen.has(next)) continue;
      seen.add(next);
      paths.push([...path, next]);
    }
  }
  return undefined;
}
