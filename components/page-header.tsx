import type { ReactNode } from "react";

type PageHeaderProps = { title: string; description?: ReactNode; children?: ReactNode };

/** A page's title, what it is for, and its main actions. */
export function PageHeader({ title, description, children }: PageHeaderProps) {
  return (
    <header className="mb-5 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
      <div>
        <h1 className="font-semibold text-xl tracking-tight">{title}</h1>
        {description && <p className="mt-0.5 max-w-2xl text-muted-foreground text-sm">{description}</p>}
      </div>
      {children && <div className="flex flex-wrap items-center gap-2">{children}</div>}
    </header>
  );
}
