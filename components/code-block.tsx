import { CopyButton } from "./copy-button";
import { cn } from "./ui/cn";

/** Code in a box that scrolls sideways, with a button that copies it. */
export function CodeBlock({ code, label, className }: { code: string; label: string; className?: string }) {
  return (
    <div className={cn("relative rounded-lg border bg-muted/60", className)}>
      <pre className="overflow-x-auto p-3 pr-11 font-mono text-xs leading-relaxed">
        <code>{code}</code>
      </pre>
      <CopyButton text={code} label={label} className="absolute top-1.5 right-1.5 bg-raised" />
    </div>
  );
}
