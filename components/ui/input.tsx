import type { ComponentProps } from "react";
import { cn } from "./cn";

/** The look that every control with a text in it shares. */
export const controlClasses =
  "w-full min-w-0 rounded-md border border-input bg-surface px-2.5 text-base shadow-xs transition-colors placeholder:text-muted-foreground/70 disabled:opacity-60 aria-invalid:border-danger sm:text-sm focus-visible:border-accent focus-visible:outline-1 focus-visible:outline-offset-0";

/** A one-line text field. */
export function Input({ className, ...props }: ComponentProps<"input">) {
  return <input className={cn(controlClasses, "h-8.5", className)} autoComplete="off" {...props} />;
}

/** A text field of several lines that grows with its text. */
export function Textarea({ className, ...props }: ComponentProps<"textarea">) {
  return <textarea className={cn(controlClasses, "field-sizing-content min-h-16 py-1.5", className)} {...props} />;
}
