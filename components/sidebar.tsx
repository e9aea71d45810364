import { BookOpen, LoaderCircle } from "lucide-react";
import Link, { useLinkStatus } from "next/link";
import { usePathname } from "next/navigation";
import { Logo } from "./logo";
import { type NavItem, nav } from "./nav";
import { cn } from "./ui/cn";
import { Dialog, SheetContent } from "./ui/dialog";

/** The navigation at the left edge, on wide windows. */
export function Sidebar() {
  return (
    <aside className="fixed inset-y-0 left-0 hidden w-56 flex-col border-r bg-surface lg:flex">
      <Link href="/overview" className="flex h-14 items-center gap-2.5 px-4 font-semibold tracking-tight">
        <Logo /> Conduit
      </Link>
      <NavLinks />
    </aside>
  );
}

/** The same navigation as a panel, on narrow windows. */
export function SidebarSheet({ open, onOpenChange }: { open: boolean; onOpenChange: (open: boolean) => void }) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <SheetContent
        title={
          <span className="flex items-center gap-2.5">
            <Logo /> Conduit
          </span>
        }
        className="right-auto left-0 max-w-72 border-r border-l-0 data-[state=closed]:slide-out-to-left data-[state=open]:slide-in-from-left"
      >
        <div className="py-3">
          <NavLinks onFollow={() => onOpenChange(false)} />
        </div>
      </SheetContent>
    </Dialog>
  );
}

function NavLinks({ onFollow }: { onFollow?: () => void }) {
  const path = usePathname();
  return (
    <nav aria-label="Pages" className="flex flex-col gap-0.5 px-2.5">
      {nav.map((item) => (
        <NavLink key={item.href} item={item} current={path.startsWith(item.href)} {...(onFollow && { onFollow })} />
      ))}
      <Link href="/docs" className={cn(linkClasses, "mt-3")}>
        <BookOpen aria-hidden className="size-4" />
        API reference
      </Link>
    </nav>
  );
}

/** Shown when the server takes its time to answer with the page. */
function Pending() {
  const { pending } = useLinkStatus();
  if (!pending) return null;
  return (
    <span aria-hidden className="fade-in animate-in fill-mode-both delay-200">
      <LoaderCircle className="size-3.5 animate-spin" />
    </span>
  );
}

const linkClasses =
  "group flex h-8.5 items-center gap-2.5 rounded-md px-2.5 text-muted-foreground text-sm transition-colors hover:bg-muted hover:text-foreground max-lg:h-11 max-lg:text-base";

function NavLink({ item, current, onFollow }: { item: NavItem; current: boolean; onFollow?: () => void }) {
  return (
    <Link
      href={item.href}
      aria-current={current ? "page" : undefined}
      className={cn(linkClasses, current && "bg-muted font-medium text-foreground")}
      {...(onFollow && { onClick: onFollow })}
    >
      <item.icon aria-hidden className={cn("size-4", current && "text-accent")} />
      {item.label}
      <Pending />
      <kbd
        className="ml-auto hidden font-mono text-2xs opacity-0 transition-opacity group-hover:opacity-70 lg:block"
        aria-hidden
      >
        g {item.key}
      </kbd>
    </Link>
  );
}
