import { FlaskConical } from "lucide-react";
import { EmptyState } from "@/components/empty-state";
import { formatCount, formatDuration } from "@/components/format";
import type { Outputs } from "@/components/trpc";
import { Badge } from "@/components/ui/badge";
import { Card } from "@/components/ui/card";

type Simulation = Outputs["routing"]["simulate"];
type Target = Simulation["stages"][number]["targets"][number];

const causes = {
  any: undefined,
  error: "when all before failed",
  context: "when the input is too long",
  policy: "when the content is refused",
} as const;

/** Where a request would go, in order, and why not elsewhere. */
export function SimulationResult({ result }: { result: Simulation | undefined }) {
  if (!result)
    return (
      <Card>
        <EmptyState icon={FlaskConical} title="Where would this request go?">
          The answer comes from the live state: limits, budgets, cache, rules, health and latency as they are now.
          Nothing is sent, and nothing is used up.
        </EmptyState>
      </Card>
    );
  const { rules, changes, stages, passedOver } = result;
  return (
    <Card className="space-y-5 p-4" aria-live="polite">
      <Decision result={result} />
      <section className="space-y-1 text-sm">
        {result.model !== "" && (
          <p>
            <span className="text-muted-foreground">Model:</span> {result.model}
          </p>
        )}
        {rules.length > 0 && (
          <p>
            <span className="text-muted-foreground">Rules that held:</span> {rules.join(", ")}
          </p>
        )}
        {Object.keys(changes).length > 0 && (
          <p>
            <span className="text-muted-foreground">Changed:</span>{" "}
            <code className="break-words font-mono text-xs">{JSON.stringify(changes)}</code>
          </p>
        )}
        {result.outputLimit !== null && (
          <p>
            <span className="text-muted-foreground">The budget pays for:</span> {formatCount(result.outputLimit)} tokens
            of the answer
          </p>
        )}
        {result.cache.state === "miss" && (
          <p>
            <span className="text-muted-foreground">Cache:</span> no answer is kept for this request
          </p>
        )}
        {result.hedge && (
          <p>
            <span className="text-muted-foreground">
              After {formatDuration(result.hedge.afterMs)} without a token, beside it:
            </span>{" "}
            <TargetName target={result.hedge.target} />
          </p>
        )}
      </section>
      {stages.map((stage) => (
        <section key={`${stage.model} ${stage.on}`}>
          <h3 className="mb-1.5 flex flex-wrap items-center gap-2 font-medium text-sm">
            {stage.model} <Badge>{stage.strategy}</Badge>
            {causes[stage.on] && <Badge tone="warning">{causes[stage.on]}</Badge>}
            {Object.keys(stage.changes).length > 0 && (
              <code className="break-words font-mono font-normal text-xs">{JSON.stringify(stage.changes)}</code>
            )}
          </h3>
          <ol aria-label={`Targets of ${stage.model}`} className="divide-y rounded-lg border">
            {stage.targets.map((target, at) => (
              <li key={keyOf(target)} className="flex items-center gap-3 px-3 py-2 text-sm">
                <span className="text-muted-foreground text-xs tabular-nums">{at + 1}</span>
                <TargetName target={target} />
              </li>
            ))}
          </ol>
        </section>
      ))}
      {passedOver.length > 0 && (
        <section>
          <h3 className="mb-1.5 font-medium text-sm">Not there, because</h3>
          <ul aria-label="Passed over" className="divide-y rounded-lg border">
            {passedOver.map((target) => (
              <li key={`${keyOf(target)} ${target.reason}`} className="px-3 py-2 text-sm">
                <TargetName target={target} />
                <p className="break-words text-warning text-xs">{target.reason}</p>
              </li>
            ))}
          </ul>
        </section>
      )}
    </Card>
  );
}

/** What becomes of the request, in one box. */
function Decision({ result: { refusal, next, waits, cache } }: { result: Simulation }) {
  if (refusal)
    return (
      <div role="note" className="rounded-lg border border-danger/25 bg-danger/8 px-3 py-2 text-sm">
        <p className="font-medium font-mono text-danger text-xs">
          {refusal.kind} · {refusal.status}
        </p>
        <p className="mt-0.5 break-words">{refusal.message}</p>
      </div>
    );
  return (
    <p role="note" className="rounded-lg border bg-muted px-3 py-2 text-sm">
      {next && (
        <>
          It goes to <TargetName target={next} />
        </>
      )}
      {cache.state === "hit" &&
        `It is answered from the cache, with what was kept ${formatDuration((cache.ageSeconds ?? 0) * 1_000)} ago.`}
      {waits && "It waits for a deployment that is out of service for a moment."}
    </p>
  );
}

function TargetName({ target: { provider, upstreamModel, key } }: { target: Target }) {
  return (
    <span className="min-w-0 break-words">
      {provider} <span className="font-mono text-muted-foreground text-xs">{upstreamModel}</span>
      {key && <span className="text-muted-foreground text-xs"> · key {key}</span>}
    </span>
  );
}

function keyOf({ provider, upstreamModel, key, model }: Target): string {
  return `${model} ${provider} ${upstreamModel} ${key}`;
}
