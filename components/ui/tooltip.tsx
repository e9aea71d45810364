import { Tooltip as Primitive } from "radix-ui";
import type { ReactNode } from "react";

/** Gives every tooltip below it one common delay. */
export const TooltipProvider = Primitive.Provider;

/** A short explanation that shows on hover and on keyboard focus of its child. */
export function Tooltip({ text, children }: { text: ReactNode; children: ReactNode }) {
  return (
    <Primitive.Root>
      <Primitive.Trigger asChild>{children}</Primitive.Trigger>
      <Primitive.Portal>
        <Primitive.Content
          sideOffset={5}
          collisionPadding={8}
          className="z-70 max-w-72 rounded-md bg-primary px-2 py-1 text-primary-foreground text-xs shadow-raised data-[state=delayed-open]:animate-in data-[state=delayed-open]:fade-in-0"
        >
          {text}
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
