import type { Control } from "./field";
import { formatUsd } from "./format";
import { Badge } from "./ui/badge";
import { cn } from "./ui/cn";
import { Input } from "./ui/input";

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

type UsdInputProps = { control: Control; value: string; placeholder?: string; onChange: (value: string) => void };

/** A field for an amount in dollars. */
export function UsdInput({ control, value, placeholder = "5.00", onChange }: UsdInputProps) {
  return (
    <div className="relative">
      <span className="pointer-events-none absolute top-1.5 left-2.5 text-muted-foreground text-sm">$</span>
      <Input
        {...control}
        inputMode="decimal"
        placeholder={placeholder}
        className="pl-6 tabular-nums"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  );
}
