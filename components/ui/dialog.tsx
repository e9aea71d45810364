import { X } from "lucide-react";
import { Dialog as Primitive } from "radix-ui";
import type { ComponentProps, ReactNode } from "react";
import { Button } from "./button";
import { cn } from "./cn";
import { useDialogFocus } from "./dialog-focus";

/** Holds whether a dialog or sheet is open. */
export const Dialog = Primitive.Root;

const overlayClasses =
  "fixed inset-0 z-50 bg-overlay data-[state=closed]:animate-out data-[state=open]:animate-in data-[state=closed]:fade-out-0 data-[state=open]:fade-in-0";

type ContentProps = Omit<ComponentProps<typeof Primitive.Content>, "title"> & {
  title: ReactNode;
  description?: ReactNode;
};

/** A dialog in the middle; on a phone it lies at the bottom. Escape and the cross close it. */
export function DialogContent({ title, description, className, children, ...props }: ContentProps) {
  const focus = useDialogFocus("field");
  return (
    <Primitive.Portal>
      <Primitive.Overlay className={overlayClasses} />
      <Primitive.Content
        className={cn(
          "fixed inset-x-0 bottom-0 z-50 mx-auto flex max-h-[92dvh] w-full max-w-lg flex-col rounded-t-2xl border bg-raised shadow-raised outline-none duration-150 sm:top-[10vh] sm:bottom-auto sm:max-h-[80vh] sm:rounded-xl data-[state=closed]:animate-out data-[state=open]:animate-in data-[state=closed]:fade-out-0 data-[state=open]:fade-in-0 data-[state=open]:slide-in-from-bottom-3",
          className,
        )}
        {...(description ? {} : { "aria-describedby": undefined })}
        {...focus}
        {...props}
      >
        <ContentHeader title={title} description={description} />
        {children}
      </Primitive.Content>
    </Primitive.Portal>
  );
}

/** A panel at the edge of the window, full width on a phone. */
export function SheetContent({ title, description, className, children, ...props }: ContentProps) {
  const focus = useDialogFocus("dialog");
  return (
    <Primitive.Portal>
      <Primitive.Overlay className={overlayClasses} />
      <Primitive.Content
        className={cn(
          "fixed inset-y-0 right-0 z-50 flex w-full max-w-xl flex-col border-l bg-raised shadow-raised outline-none duration-200 data-[state=closed]:animate-out data-[state=open]:animate-in data-[state=closed]:slide-out-to-right data-[state=open]:slide-in-from-right",
          className,
        )}
        {...(description ? {} : { "aria-describedby": undefined })}
        {...focus}
        {...props}
      >
        <ContentHeader title={title} description={description} />
        {children}
      </Primitive.Content>
    </Primitive.Portal>
  );
}

function ContentHeader({ title, description }: { title: ReactNode; description?: ReactNode }) {
  return (
    <header className="flex items-start gap-3 border-b px-5 py-3.5">
      <div className="min-w-0 flex-1 space-y-0.5">
        <Primitive.Title className="truncate font-semibold text-base">{title}</Primitive.Title>
        {description && (
          <Primitive.Description className="text-muted-foreground text-sm">{description}</Primitive.Description>
        )}
      </div>
      <Primitive.Close asChild>
        <Button variant="ghost" size="icon-sm" aria-label="Close" className="-mt-0.5 -mr-1.5">
          <X />
        </Button>
      </Primitive.Close>
    </header>
  );
}

/** The part of a dialog that scrolls. */
export function DialogBody({ className, ...props }: ComponentProps<"div">) {
  return <div className={cn("min-h-0 flex-1 space-y-4 overflow-y-auto px-5 py-4", className)} {...props} />;
}

/** The line of buttons that ends a dialog. */
export function DialogFooter({ className, ...props }: ComponentProps<"div">) {
  return (
    <div
      className={cn(
        "flex flex-wrap items-center justify-end gap-2 border-t bg-muted/40 px-5 py-3 sm:rounded-b-xl",
        className,
      )}
      {...props}
    />
  );
}
