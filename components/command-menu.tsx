import { BookOpen, KeyRound, type LucideIcon, Plug, Plus } from "lucide-react";
import { useRouter } from "next/navigation";
import { Dialog as Primitive } from "radix-ui";
import { type KeyboardEvent, useEffect, useId, useState } from "react";
import { nav } from "./nav";
import { cn } from "./ui/cn";
import { Dialog } from "./ui/dialog";
import { useDialogFocus } from "./ui/dialog-focus";

type Command = { label: string; href: string; icon: LucideIcon; keys?: string };

const commands: readonly Command[] = [
  ...nav.map((item) => ({ label: item.label, href: item.href, icon: item.icon, keys: `g ${item.key}` })),
  { label: "Add a provider", href: "/providers?new=1", icon: Plug },
  { label: "Create a model", href: "/models?new=1", icon: Plus },
  { label: "Create a key", href: "/keys?new=1", icon: KeyRound },
  { label: "API reference", href: "/docs", icon: BookOpen },
];

type CommandMenuProps = { open: boolean; onOpenChange: (open: boolean) => void };

/** Jumps to a page or an action by typing; ⌘K or Ctrl+K opens it, and `g` then a letter jumps without it. */
export function CommandMenu({ open, onOpenChange }: CommandMenuProps) {
  const focus = useDialogFocus("control");
  useShortcuts(() => onOpenChange(!open));
  return (
    <Dialog open={open} onOpenChange={onOpenChange}>
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-50 bg-overlay" />
        <Primitive.Content
          aria-describedby={undefined}
          {...focus}
          className="fixed inset-x-3 top-[12vh] z-50 mx-auto max-w-lg overflow-hidden rounded-xl border bg-raised shadow-raised outline-none"
        >
          <Primitive.Title className="sr-only">Search or jump to</Primitive.Title>
          <CommandList onDone={() => onOpenChange(false)} />
        </Primitive.Content>
      </Primitive.Portal>
    </Dialog>
  );
}

function CommandList({ onDone }: { onDone: () => void }) {
  const router = useRouter();
  const listId = useId();
  const [search, setSearch] = useState("");
  const [active, setActive] = useState(0);
  const shown = commands.filter((command) => command.label.toLowerCase().includes(search.trim().toLowerCase()));
  const run = (command: Command | undefined) => {
    if (!command) return;
    onDone();
    router.push(command.href);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") run(shown[active]);
    else if (event.key === "ArrowDown") setActive((active + 1) % Math.max(1, shown.length));
    else if (event.key === "ArrowUp") setActive((active - 1 + shown.length) % Math.max(1, shown.length));
    else return;
    event.preventDefault();
  };
  return (
    <>
      <input
        role="combobox"
        aria-expanded="true"
        aria-controls={listId}
        aria-activedescendant={shown[active] ? `${listId}-${active}` : undefined}
        aria-label="Search pages and actions"
        placeholder="Search pages and actions…"
        className="h-12 w-full border-b bg-transparent px-4 text-base outline-none placeholder:text-muted-foreground sm:text-sm"
        value={search}
        onChange={(event) => {
          setSearch(event.target.value);
          setActive(0);
        }}
        onKeyDown={onKeyDown}
      />
      <div id={listId} role="listbox" aria-label="Results" className="max-h-96 overflow-y-auto p-1.5">
        {shown.map((command, index) => (
          <CommandRow
            key={command.href}
            id={`${listId}-${index}`}
            command={command}
            active={index === active}
            onRun={() => run(command)}
          />
        ))}
        {shown.length === 0 && <p className="px-3 py-6 text-center text-muted-foreground text-sm">Nothing matches.</p>}
      </div>
    </>
  );
}

type CommandRowProps = { id: string; command: Command; active: boolean; onRun: () => void };

function CommandRow({ id, command, active, onRun }: CommandRowProps) {
  return (
    <div
      id={id}
      role="option"
      aria-selected={active}
      tabIndex={-1}
      onClick={onRun}
      onKeyDown={(event) => event.key === "Enter" && onRun()}
      className={cn(
        "flex h-9 cursor-pointer items-center gap-2.5 rounded-md px-2.5 text-sm hover:bg-muted",
        active && "bg-muted",
      )}
    >
      <command.icon aria-hidden className="size-4 text-muted-foreground" />
      {command.label}
      {command.keys && <kbd className="ml-auto font-mono text-2xs text-muted-foreground">{command.keys}</kbd>}
    </div>
  );
}

/** Listens to the keys of the whole window, except while someone types. */
function useShortcuts(toggle: () => void): void {
  const router = useRouter();
  useEffect(() => {
    let leaderAt = 0;
    const onKey = (event: globalThis.KeyboardEvent) => {
      if (event.key === "k" && (event.metaKey || event.ctrlKey)) {
        event.preventDefault();
        return toggle();
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return;
      if (event.key === "g") {
        leaderAt = event.timeStamp;
        return;
      }
      const page = event.timeStamp - leaderAt < 1_000 ? nav.find((item) => item.key === event.key) : undefined;
      leaderAt = 0;
      if (page) router.push(page.href);
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, [router, toggle]);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.closest("input, textarea, select, [role=dialog], [role=menu], [role=listbox]") !== null)
  );
}
