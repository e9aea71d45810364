import { TriangleAlert } from "lucide-react";
import { type ReactNode, useState } from "react";
import { CopyButton } from "./copy-button";
import { Button } from "./ui/button";
import { cn } from "./ui/cn";
import { Dialog, DialogBody, DialogContent, DialogFooter } from "./ui/dialog";
import { controlClasses } from "./ui/input";

type CopyOnceProps = { title: string; secret: string; label: string; onClose: () => void; children?: ReactNode };

/** Shows a secret the only time it can be shown. A click beside the dialog does not close it, so that it is not lost by accident. */
export function CopyOnce({ title, secret, label, onClose, children }: CopyOnceProps) {
  const [copied, setCopied] = useState(false);
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent title={title} className="max-w-2xl" onInteractOutside={(event) => event.preventDefault()}>
        <DialogBody>
          <p className="flex gap-2.5 rounded-lg border border-warning/30 bg-warning/8 px-3 py-2.5 text-sm">
            <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warning" />
            Copy it now: it is kept only as a hash and cannot be shown again.
          </p>
          <div className="flex items-center gap-2">
            <input
              readOnly
              aria-label={label}
              value={secret}
              onFocus={(event) => event.currentTarget.select()}
              className={cn(controlClasses, "h-10 bg-muted/60 font-mono text-sm")}
            />
            <CopyButton
              text={secret}
              label={`Copy the ${label.toLowerCase()}`}
              caption="Copy"
              variant="primary"
              size="lg"
              onClick={() => setCopied(true)}
            />
          </div>
          {children}
        </DialogBody>
        <DialogFooter>
          <Button variant={copied ? "primary" : "outline"} onClick={onClose}>
            {copied ? "Done" : "I have stored it"}
          </Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}
