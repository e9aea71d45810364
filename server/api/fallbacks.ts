import type { Transaction } from "@/server/api/change";
import { badInput, conflict } from "@/server/api/errors";

/** The lists of models to fall back to: on errors, on prompts that are too long, and on content that was refused. */
const lists = ["fallbacks", "fallbacksOnContext", "fallbacksOnPolicy"] as const;
type Lists = { readonly [List in (typeof lists)[number]]: readonly string[] };

const columns = { name: true, fallbacks: true, fallbacksOnContext: true, fallbacksOnPolicy: true } as const;

/** Makes changes of models wait for each other: two that are right alone could close a circle together. */
export async function holdFallbacks(tx: Transaction): Promise<void> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('conduit_fallbacks'))`;
}

/** Refuses a model whose fallbacks of any kind, as stored, do not all exist or lead back to it. */
export async function checkFallbacks(tx: Transaction, name: string): Promise<void> {
  const rows = await tx.model.findMany({ select: columns });
  const models = new Map(rows.map((row) => [row.name, row]));
  const own = models.get(name);
  for (const list of lists) {
    const missing = own?.[list].find((fallback) => !models.has(fallback));
    if (missing !== undefined) throw badInput(`There is no model "${missing}" to fall back to.`, list);
  }
  const circle = wayBack(name, models);
  if (!circle) return;
  const list = lists.find((one) => own?.[one].includes(circle[1] ?? "")) ?? "fallbacks";
  throw badInput(`These fallbacks lead in a circle: ${circle.join(" → ")}.`, list);
}

type User = { id: string; name: string; managed: boolean } & Lists;

/** The models that fall back to this one. */
export function fallbackUsers(tx: Transaction, name: string): Promise<User[]> {
  return tx.model.findMany({
    where: { OR: lists.map((list) => ({ [list]: { has: name } })) },
    select: { id: true, managed: true, ...columns },
    orderBy: { name: "asc" },
  });
}

/** Lets the fallbacks of other models follow a model to its new name; refuses when conduit.json holds the old one. */
export async function renameFallback(tx: Transaction, from: string, to: string): Promise<void> {
  for (const user of await fallbackUsers(tx, from)) {
    if (user.managed)
      throw conflict(`conduit.json has "${user.name}" fall back to "${from}". Change it there first.`, "name");
    const data = Object.fromEntries(
      lists.map((list) => [list, user[list].map((fallback) => (fallback === from ? to : fallback))]),
    );
    await tx.model.update({ where: { id: user.id }, data, select: { id: true } });
  }
}

/** The shortest path from a model over fallbacks back to itself; undefined when there is none. */
function wayBack(start: string, models: ReadonlyMap<string, Lists>): string[] | undefined {
  const seen = new Set<string>();
  const paths: string[][] = [[start]];
  for (const path of paths) {
    const at = models.get(path.at(-1) ?? "");
    for (const next of at ? lists.flatMap((list) => at[list]) : []) {
      if (next === start) return [...path, next];
      if (seen.has(next)) continue;
      seen.add(next);
      paths.push([...path, next]);
    }
  }
  return undefined;
}
