import type { ComponentProps } from "react";
import { cn } from "./cn";

/** A grey stand-in with the size of what is being loaded. */
export function Skeleton({ className, ...props }: ComponentProps<"div">) {
  return <div aria-hidden className={cn("animate-pulse rounded-md bg-muted", className)} {...props} />;
}
