import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";

type EmptyStateProps = { icon: LucideIcon; title: string; children?: ReactNode; action?: ReactNode };

/** Says why a place is empty and what fills it. */
export function EmptyState({ icon: Icon, title, children, action }: EmptyStateProps) {
  return (
    <div className="flex flex-col items-center gap-3 px-6 py-14 text-center">
      <span className="flex size-10 items-center justify-center rounded-xl border bg-muted text-muted-foreground">
        <Icon aria-hidden className="size-5" />
      </span>
      <div>
        <p className="font-medium text-sm">{title}</p>
        {children && <div className="mt-1 max-w-md text-balance text-muted-foreground text-sm">{children}</div>}
      </div>
      {action}
    </div>
  );
}
