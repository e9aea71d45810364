import { formatCount, formatDate, formatRate } from "@/components/format";
import { Badge } from "@/components/ui/badge";
import { CallCost } from "./call-columns";
import type { CallDetail } from "./call-sheet";

type Line = { label: string; tokens: number; rate: string | null | undefined };

/** The classes of tokens with the rate of each where one number says it. */
function linesOf({ tokens, price }: CallDetail): Line[] {
  const rates = price && !price.tiered ? price : undefined;
  const lines: Line[] = [
    { label: "Input", tokens: tokens.input, rate: rates?.inputPerMillionUsd },
    {
      label: "Cached input",
      tokens: tokens.cachedInput,
      rate: rates?.cachedInputPerMillionUsd ?? rates?.inputPerMillionUsd,
    },
    {
      label: "Cache write",
      tokens: tokens.cacheWrite,
      rate: rates?.cacheWritePerMillionUsd ?? rates?.inputPerMillionUsd,
    },
    { label: "Cache write, 1 hour", tokens: tokens.cacheWrite1h, rate: undefined },
    { label: "Audio input", tokens: tokens.audioInput, rate: undefined },
    { label: "Output", tokens: tokens.output, rate: rates?.outputPerMillionUsd },
    { label: "Reasoning", tokens: tokens.reasoning, rate: rates?.outputPerMillionUsd },
    { label: "Audio output", tokens: tokens.audioOutput, rate: undefined },
  ];
  return lines.filter((line) => line.tokens > 0 || line.label === "Input" || line.label === "Output");
}

/** What a call used and what that cost, so that the amount can be followed. */
export function CallCosts({ call }: { call: CallDetail }) {
  return (
    <section>
      <h3 className="mb-1.5 flex items-center gap-2 font-medium text-muted-foreground text-xs">
        Tokens and cost
        {call.estimated && <Badge tone="warning">Estimated: the provider gave no counts</Badge>}
      </h3>
      <div className="rounded-lg border bg-surface">
        <table className="w-full text-sm tabular-nums">
          <thead className="sr-only">
            <tr>
              <th scope="col">Class</th>
              <th scope="col">Tokens</th>
              <th scope="col">Rate per million</th>
            </tr>
          </thead>
          <tbody>
            {linesOf(call).map((line) => (
              <tr key={line.label} className="border-b">
                <td className="px-3 py-1.5 text-muted-foreground">{line.label}</td>
                <td className="px-3 py-1.5 text-right">{formatCount(line.tokens)}</td>
                <td className="w-32 px-3 py-1.5 text-right text-muted-foreground text-xs">
                  {line.rate ? `${formatRate(line.rate)} / M` : ""}
                </td>
              </tr>
            ))}
            <tr>
              <td className="px-3 py-2 font-medium">Cost</td>
              <td className="px-3 py-2 text-right text-muted-foreground">
                {formatCount(call.inputTokens + call.outputTokens)}
              </td>
              <td className="px-3 py-2 text-right font-medium">
                <CallCost call={call} />
              </td>
            </tr>
          </tbody>
        </table>
        {call.price && (
          <p className="border-t px-3 py-1.5 text-muted-foreground text-xs">
            {`Price version ${call.price.version}, ${sourceOf(call.price.source)}, in force since ${formatDate(call.price.effectiveFrom)}`}
            {call.price.tiered && "; its rates rise with the length of the input"}
          </p>
        )}
      </div>
    </section>
  );
}

function sourceOf(source: string): string {
  return source === "own" ? "set here" : "from the price library";
}
