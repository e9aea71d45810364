import { Check, Copy } from "lucide-react";
import { type ComponentProps, useEffect, useState } from "react";
import { toast } from "sonner";
import { copyText } from "./copy-text";
import { Button } from "./ui/button";
import { cn } from "./ui/cn";

type CopyButtonProps = Omit<ComponentProps<typeof Button>, "children"> & {
  text: string;
  label: string;
  caption?: string;
};

/** Copies a text; the icon becomes a tick for a moment. `caption` is shown beside it, `label` is read aloud. */
export function CopyButton({ text, label, caption, onClick, ...props }: CopyButtonProps) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1_600);
    return () => clearTimeout(timer);
  }, [copied]);
  const Icon = copied ? Check : Copy;
  return (
    <Button
      variant="ghost"
      size={caption ? "sm" : "icon-sm"}
      aria-label={copied ? "Copied" : label}
      onClick={(event) => {
        onClick?.(event);
        copyText(text).then(
          () => setCopied(true),
          () => toast.error("The browser did not allow copying. Select the text and copy it by hand."),
        );
      }}
      {...props}
    >
      <Icon className={cn(!caption && "size-3.5", copied && !caption && "text-success")} />
      {caption && (copied ? "Copied" : caption)}
    </Button>
  );
}
