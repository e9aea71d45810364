import { RotateCw, TriangleAlert } from "lucide-react";
import { Button } from "./ui/button";

type ErrorStateProps = { title?: string; message: string; onRetry?: () => void };

/** Says what went wrong, in place of what should be there, and offers to try again. */
export function ErrorState({ title = "This could not be loaded", message, onRetry }: ErrorStateProps) {
  return (
    <div role="alert" className="flex flex-col items-center gap-3 px-6 py-12 text-center">
      <span className="flex size-9 items-center justify-center rounded-full bg-danger/10 text-danger">
        <TriangleAlert aria-hidden className="size-4.5" />
      </span>
      <div>
        <p className="font-medium text-sm">{title}</p>
        <p className="mt-1 max-w-md text-balance break-words text-muted-foreground text-sm">{message}</p>
      </div>
      {onRetry && (
        <Button size="sm" onClick={onRetry}>
          <RotateCw /> Try again
        </Button>
      )}
    </div>
  );
}
