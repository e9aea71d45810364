import { formatCount, formatDate, formatRate, formatUsd } from "@/components/format";
import { Time } from "@/components/time";
import { Badge } from "@/components/ui/badge";
import { CallCost } from "./call-columns";
import type { CallDetail } from "./call-sheet";

type CostLine = CallDetail["lines"][number];

/** The classes of tokens that were used, for a call that no line says the cost of. */
function tokenLines({ tokens }: CallDetail): { label: string; count: number }[] {
  const lines = [
    { label: "Input", count: tokens.input },
    { label: "Cached input", count: tokens.cachedInput },
    { label: "Cache write", count: tokens.cacheWrite },
    { label: "Cache write, 1 hour", count: tokens.cacheWrite1h },
    { label: "Audio input", count: tokens.audioInput },
    { label: "Output", count: tokens.output },
    { label: "Reasoning", count: tokens.reasoning },
    { label: "Audio output", count: tokens.audioOutput },
  ];
  return lines.filter((line) => line.count > 0 || line.label === "Input" || line.label === "Output");
}

/** What a call used and what that cost, line by line, so that the amount can be followed. */
export function CallCosts({ call }: { call: CallDetail }) {
  const { lines, price, adjustments, netCostUsd, estimated } = call;
  return (
    <section>
      <h3 className="mb-1.5 flex items-center gap-2 font-medium text-muted-foreground text-xs">
        Tokens and cost
        {estimated && <Badge tone="warning">Estimated: the provider gave no counts</Badge>}
      </h3>
      <div className="rounded-lg border bg-surface">
        <table className="w-full text-sm tabular-nums">
          <thead className="sr-only">
            <tr>
              <th scope="col">What</th>
              <th scope="col">Quantity and rate</th>
              <th scope="col">Amount</th>
            </tr>
          </thead>
          <tbody>
            {lines.length > 0
              ? lines.map((line) => <CostRow key={`${line.what} ${line.rateUsd}`} line={line} />)
              : tokenLines(call).map(({ label, count }) => (
                  <Row key={label} what={label} how="" amount={formatCount(count)} />
                ))}
            <tr>
              <td className="px-3 py-2 font-medium">Cost</td>
              <td className="px-3 py-2 text-right text-muted-foreground text-xs">
                {formatCount(call.inputTokens + call.outputTokens)} tokens
              </td>
              <td className="px-3 py-2 text-right font-medium">
                <CallCost call={call} />
              </td>
            </tr>
            {adjustments.map((adjustment) => (
              <tr key={adjustment.id} className="border-t">
                <td className="px-3 py-1.5">
                  {adjustment.kind === "refund" ? "Refunded" : "Priced again"}
                  <span className="block break-words text-muted-foreground text-xs">{adjustment.reason}</span>
                </td>
                <td className="px-3 py-1.5 text-right text-muted-foreground text-xs">
                  {adjustment.actor} · <Time at={adjustment.at} />
                </td>
                <td className="px-3 py-1.5 text-right">{formatUsd(adjustment.deltaUsd)}</td>
              </tr>
            ))}
            {adjustments.length > 0 && netCostUsd !== null && (
              <Row what="Cost with adjustments" how="" amount={formatUsd(netCostUsd)} strong />
            )}
          </tbody>
        </table>
        {price && (
          <p className="border-t px-3 py-1.5 text-muted-foreground text-xs">
            {`Price version ${price.version}, ${sourceOf(price.source)}, in force since ${formatDate(price.effectiveFrom)}`}
            {price.tiered && "; its rates rise with the length of the input"}
          </p>
        )}
      </div>
    </section>
  );
}

function CostRow({ line }: { line: CostLine }) {
  const { what, quantity, per, rateUsd, factor, amountUsd } = line;
  const unit = per === 1_000_000 ? "M" : per === 1 ? "each" : formatCount(per);
  const rate = per === 1_000_000 ? formatRate(rateUsd) : formatUsd(rateUsd);
  const how = `${formatCount(quantity)} at ${rate} / ${unit}${factor === 1 ? "" : ` × ${factor}`}`;
  return <Row what={what} how={how} amount={formatUsd(amountUsd)} title={`${amountUsd} USD`} />;
}

type RowProps = { what: string; how: string; amount: string; title?: string; strong?: boolean };

function Row({ what, how, amount, title, strong }: RowProps) {
  return (
    <tr className={strong ? "border-t font-medium" : "border-b"}>
      <td className="px-3 py-1.5 text-muted-foreground first-letter:uppercase">{what}</td>
      <td className="px-3 py-1.5 text-right text-muted-foreground text-xs">{how}</td>
      <td className="px-3 py-1.5 text-right" title={title}>
        {amount}
      </td>
    </tr>
  );
}

function sourceOf(source: string): string {
  return source === "own" ? "set here" : "from the price library";
}
