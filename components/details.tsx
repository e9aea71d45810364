import type { ReactNode } from "react";

/** One fact; an undefined value leaves it out. */
export type Fact = { label: string; value: ReactNode | undefined };

/** Facts of one thing under a heading. */
export function Details({ title, facts }: { title: string; facts: readonly Fact[] }) {
  const shown = facts.filter((fact) => fact.value !== undefined && fact.value !== null);
  if (shown.length === 0) return null;
  return (
    <section>
      <h3 className="mb-1.5 font-medium text-muted-foreground text-xs">{title}</h3>
      <dl className="divide-y rounded-lg border bg-surface text-sm">
        {shown.map((fact) => (
          <div key={fact.label} className="flex items-baseline justify-between gap-6 px-3 py-1.5">
            <dt className="shrink-0 text-muted-foreground">{fact.label}</dt>
            <dd className="min-w-0 break-words text-right tabular-nums">{fact.value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
