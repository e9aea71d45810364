import { DropdownMenu as Primitive } from "radix-ui";
import type { ComponentProps } from "react";
import { cn } from "./cn";

/** Holds whether a menu is open. */
export const Menu = Primitive.Root;

/** The button that opens the menu. */
export const MenuTrigger = Primitive.Trigger;

/** The list of a menu. */
export function MenuContent({ className, ...props }: ComponentProps<typeof Primitive.Content>) {
  return (
    <Primitive.Portal>
      <Primitive.Content
        align="end"
        sideOffset={4}
        className={cn(
          "z-60 min-w-40 rounded-lg border bg-raised p-1 shadow-raised data-[state=open]:animate-in data-[state=open]:fade-in-0",
          className,
        )}
        {...props}
      />
    </Primitive.Portal>
  );
}

/** One action of a menu; `danger` marks what cannot be undone. */
export function MenuItem({
  className,
  danger,
  ...props
}: ComponentProps<typeof Primitive.Item> & { danger?: boolean }) {
  return (
    <Primitive.Item
      className={cn(
        "flex cursor-default select-none items-center gap-2 rounded-md px-2 py-1.5 text-sm outline-none data-disabled:pointer-events-none data-highlighted:bg-muted data-disabled:opacity-50 [&_svg]:size-4 [&_svg]:text-muted-foreground",
        danger && "text-danger data-highlighted:bg-danger/10 [&_svg]:text-danger",
        className,
      )}
      {...props}
    />
  );
}

/** A thin line between groups of actions. */
export function MenuSeparator() {
  return <Primitive.Separator className="-mx-1 my-1 h-px bg-border" />;
}
