import { Trash2 } from "lucide-react";
import { useId, useState } from "react";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { DemoBadge } from "@/components/managed-badge";
import { ownError, trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Switch } from "@/components/ui/toggle";
import { DeploymentForm } from "./deployment-form";
import { PriceCell } from "./model-columns";
import type { DeploymentRow } from "./models";
import { PriceDialog } from "./price-dialog";

/** One deployment with its switch, priority, weight and price; each change takes effect at once. */
export function DeploymentCard({ deployment }: { deployment: DeploymentRow }) {
  const update = trpc.deployments.update.useMutation();
  const { id, providerName, upstreamModel, managed } = deployment;
  return (
    <div className="rounded-lg border bg-surface">
      <div className="flex items-center gap-3 px-3 py-2.5">
        <div className="min-w-0 flex-1">
          <p className="flex items-center gap-2 truncate font-medium text-sm">
            {providerName} {deployment.demo && <DemoBadge />}
          </p>
          <p className="truncate font-mono text-muted-foreground text-xs" title={upstreamModel}>
            {upstreamModel}
          </p>
        </div>
        <Switch
          aria-label={`Enable ${upstreamModel} at ${providerName}`}
          disabled={managed}
          checked={
            update.variables?.enabled !== undefined && update.isPending ? update.variables.enabled : deployment.enabled
          }
          onCheckedChange={(enabled) => update.mutate({ id, enabled })}
        />
        <DeleteButton deployment={deployment} />
      </div>
      <div className="flex flex-wrap items-center gap-x-4 gap-y-2 border-t px-3 py-2 text-sm">
        <NumberSetting
          label="Priority"
          value={deployment.priority}
          disabled={managed}
          onChange={(priority) => update.mutate({ id, priority })}
        />
        <NumberSetting
          label="Weight"
          value={deployment.weight}
          disabled={managed}
          onChange={(weight) => update.mutate({ id, weight })}
        />
        <PlacingButton deployment={deployment} />
        <PriceButton deployment={deployment} />
      </div>
    </div>
  );
}

type NumberSettingProps = { label: string; value: number; disabled: boolean; onChange: (value: number) => void };

/** A whole number that is stored when the field is left. */
function NumberSetting({ label, value, disabled, onChange }: NumberSettingProps) {
  const id = useId();
  return (
    <label htmlFor={id} className="flex items-center gap-2 text-muted-foreground text-xs">
      {label}
      <Input
        id={id}
        key={value}
        inputMode="numeric"
        className="h-7 w-14 text-center tabular-nums"
        defaultValue={value}
        disabled={disabled}
        onKeyDown={(event) => event.key === "Enter" && event.currentTarget.blur()}
        onBlur={(event) => {
          const next = Number(event.target.value);
          if (event.target.value.trim() !== "" && Number.isInteger(next) && next >= 0 && next !== value) onChange(next);
          else event.target.value = String(value);
        }}
      />
    </label>
  );
}

function PlacingButton({ deployment }: { deployment: DeploymentRow }) {
  const [open, setOpen] = useState(false);
  const { tags, region, rpm, tpm, concurrent, upstreamModel } = deployment;
  const limited = rpm !== null || tpm !== null || concurrent !== null;
  return (
    <>
      <Button
        variant="ghost"
        size="sm"
        className="-ml-2.5 text-muted-foreground"
        aria-label={`Tags, region and limits of ${upstreamModel}`}
        onClick={() => setOpen(true)}
      >
        {[region, ...tags, limited && "limited"].filter(Boolean).join(" · ") || "Tags and limits"}
      </Button>
      {open && <DeploymentForm deployment={deployment} onClose={() => setOpen(false)} />}
    </>
  );
}

function PriceButton({ deployment }: { deployment: DeploymentRow }) {
  const [open, setOpen] = useState(false);
  return (
    <div className="ml-auto flex items-center gap-1">
      <PriceCell deployment={deployment} />
      <span className="text-muted-foreground text-xs">{deployment.price?.source === "own" ? "own price" : ""}</span>
      <Button
        variant="ghost"
        size="sm"
        aria-label={`Price of ${deployment.upstreamModel}`}
        onClick={() => setOpen(true)}
      >
        {deployment.managed ? "Price" : "Edit price"}
      </Button>
      {open && <PriceDialog deployment={deployment} onClose={() => setOpen(false)} />}
    </div>
  );
}

function DeleteButton({ deployment: { id, upstreamModel, providerName, managed } }: { deployment: DeploymentRow }) {
  const remove = trpc.deployments.delete.useMutation({ meta: ownError });
  const [asking, setAsking] = useState(false);
  return (
    <>
      <Button
        variant="ghost"
        size="icon-sm"
        aria-label={`Remove ${upstreamModel} at ${providerName}`}
        disabled={managed}
        onClick={() => setAsking(true)}
      >
        <Trash2 />
      </Button>
      {asking && (
        <ConfirmDialog
          title="Remove this deployment?"
          confirmLabel="Remove"
          onConfirm={() => remove.mutateAsync({ id })}
          onClose={() => setAsking(false)}
        >
          {`${providerName} no longer serves this model with ${upstreamModel}. Its prices are removed with it; past calls keep their cost.`}
        </ConfirmDialog>
      )}
    </>
  );
}
