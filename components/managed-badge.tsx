import { FileJson } from "lucide-react";
import { Badge } from "./ui/badge";

/** Marks what conduit.json declares: the file is where it is changed. */
export function ManagedBadge() {
  return (
    <Badge title="conduit.json declares this. Change it there; it cannot be edited here.">
      <FileJson aria-hidden /> Managed by conduit.json
    </Badge>
  );
}

/** Marks the built-in provider that answers without a vendor account. */
export function DemoBadge() {
  return (
    <Badge
      tone="accent"
      title="Answers from inside this process, without a vendor account. Made for a first call; can be removed."
    >
      Demo
    </Badge>
  );
}

/** Whether nothing but the demonstration serves a model. */
export function isDemo({ deployments }: { deployments: readonly { demo: boolean }[] }): boolean {
  return deployments.length > 0 && deployments.every(({ demo }) => demo);
}
