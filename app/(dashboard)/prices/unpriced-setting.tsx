import { TriangleAlert } from "lucide-react";
import Link from "next/link";
import { useId } from "react";
import { formatOf } from "@/components/format";
import { trpc } from "@/components/trpc";
import { Card } from "@/components/ui/card";
import { Switch } from "@/components/ui/toggle";

/** Says which models have no price, and chooses what becomes of their calls. */
export function UnpricedSetting() {
  const id = useId();
  const models = trpc.models.list.useQuery();
  const setting = trpc.moneySettings.get.useQuery();
  const update = trpc.moneySettings.update.useMutation();
  const unpriced = models.data?.filter((model) => !model.priced) ?? [];
  const stored = setting.data?.unpriced === "block";
  return (
    <Card className="flex flex-wrap items-center justify-between gap-x-6 gap-y-3 px-4 py-3">
      <div className="min-w-0 flex-1 basis-72 text-sm">
        {unpriced.length === 0 ? (
          <p className="text-muted-foreground">Every model has a price, so that the cost of each call is known.</p>
        ) : (
          <p className="flex items-start gap-2">
            <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-warning" />
            <span className="min-w-0">
              {formatOf(unpriced.length, "model")} without a price:{" "}
              {unpriced.slice(0, 6).map((model, index) => (
                <span key={model.id}>
                  {index > 0 && ", "}
                  <Link href={`/models?model=${model.id}`} className="break-words text-accent hover:underline">
                    {model.name}
                  </Link>
                </span>
              ))}
              {unpriced.length > 6 && ` and ${unpriced.length - 6} more`}
            </span>
          </p>
        )}
      </div>
      <label htmlFor={id} className="flex items-center gap-2.5 text-sm">
        Refuse calls to models without a price
        <Switch
          id={id}
          disabled={setting.data === undefined}
          checked={update.isPending ? update.variables.unpriced === "block" : stored}
          onCheckedChange={(block) => update.mutate({ unpriced: block ? "block" : "warn" })}
        />
      </label>
    </Card>
  );
}
