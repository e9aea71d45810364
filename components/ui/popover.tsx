import { Popover as Primitive } from "radix-ui";
import type { ComponentProps } from "react";
import { cn } from "./cn";

/** Holds whether a popover is open. */
export const Popover = Primitive.Root;

/** The control that opens the popover. */
export const PopoverTrigger = Primitive.Trigger;

/** A small surface beside its trigger. */
export function PopoverContent({ className, ...props }: ComponentProps<typeof Primitive.Content>) {
  return (
    <Primitive.Portal>
      <Primitive.Content
        align="start"
        sideOffset={4}
        collisionPadding={8}
        className={cn(
          "z-60 rounded-lg border bg-raised shadow-raised outline-none data-[state=open]:animate-in data-[state=open]:fade-in-0",
          className,
        )}
        {...props}
      />
    </Primitive.Portal>
  );
}
