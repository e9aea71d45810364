"use client";

import { Search } from "lucide-react";
import { useEffect, useState } from "react";
import { useOrigin } from "@/components/origin";
import { Card } from "@/components/ui/card";
import { Input } from "@/components/ui/input";
import type { Operation } from "./operation";
import { OperationItem } from "./operation-item";

/** Operations in groups, which a search narrows; the address's hash opens one. */
export function Reference({ label, operations }: { label: string; operations: readonly Operation[] }) {
  const origin = useOrigin();
  const [search, setSearch] = useState("");
  const [open, setOpen] = useOpen(operations);
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = operations.filter((operation) => words.every((word) => textOf(operation).includes(word)));
  const groups = [...new Set(shown.map(({ group }) => group))];
  return (
    <div className="space-y-5">
      <div className="relative max-w-md">
        <Search aria-hidden className="absolute top-2.5 left-2.5 size-3.5 text-muted-foreground" />
        <Input
          type="search"
          aria-label={`Search ${label}`}
          placeholder="Search by path or purpose…"
          className="pl-8"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </div>
      {groups.map((group) => (
        <section key={group} aria-label={group}>
          <h3 className="mb-2 font-medium text-sm">{group}</h3>
          <Card className="overflow-hidden">
            {shown
              .filter((operation) => operation.group === group)
              .map((operation) => (
                <OperationItem
                  key={operation.id}
                  operation={operation}
                  origin={origin}
                  open={open.has(operation.id)}
                  onToggle={(on) => setOpen(operation.id, on)}
                />
              ))}
          </Card>
        </section>
      ))}
      {groups.length === 0 && <p className="py-6 text-muted-foreground text-sm">Nothing matches.</p>}
    </div>
  );
}

function textOf({ method, path, summary, group }: Operation): string {
  return `${method} ${path} ${summary} ${group}`.toLowerCase();
}

/** Which operations are open: those that were opened, and the one that the address names. */
function useOpen(operations: readonly Operation[]): [ReadonlySet<string>, (id: string, on: boolean) => void] {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const set = (id: string, on: boolean) =>
    setOpen((current) => new Set(on ? [...current, id] : [...current].filter((other) => other !== id)));
  useEffect(() => {
    const follow = () => {
      const id = decodeURIComponent(window.location.hash.slice(1));
      if (!operations.some((operation) => operation.id === id)) return;
      setOpen((current) => new Set([...current, id]));
      requestAnimationFrame(() => document.getElementById(id)?.scrollIntoView());
    };
    follow();
    window.addEventListener("hashchange", follow);
    return () => window.removeEventListener("hashchange", follow);
  }, [operations]);
  return [open, set];
}
