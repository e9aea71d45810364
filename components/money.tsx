import { formatUsd } from "./format";
import { Badge } from "./ui/badge";
import { cn } from "./ui/cn";

/** An amount in dollars; null, which is no known price, is said and never shown as zero. */
export function Money({ usd, className }: { usd: string | null; className?: string }) {
  if (usd === null) return <Unpriced />;
  return (
    <span className={cn("tabular-nums", className)} title={`${usd} USD`}>
      {formatUsd(usd)}
    </span>
  );
}

/** Marks what no price is known for. */
export function Unpriced() {
  return (
    <Badge tone="warning" title="No price is known, so the cost is unknown. Set a price on the model's deployment.">
      Unpriced
    </Badge>
  );
}
