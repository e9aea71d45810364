import { Plus } from "lucide-react";
import { useState } from "react";
import { useForm } from "@/components/form";
import { ManagedBadge } from "@/components/managed-badge";
import { ownError, trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, SheetContent } from "@/components/ui/dialog";
import { ModelChange } from "@/server/api/models.schema";
import { AddDeployment } from "./add-deployment";
import { DeploymentCard } from "./deployment-card";
import { ModelFields } from "./model-fields";
import { type ModelValues, modelInput, modelValues } from "./model-values";
import type { ModelRow } from "./models";

type ModelSheetProps = { model: ModelRow; models: readonly ModelRow[]; onClose: () => void };

/** One model: what serves it, at which price, and how it is routed. */
export function ModelSheet({ model, models, onClose }: ModelSheetProps) {
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <SheetContent
        title={model.name}
        description={model.managed ? <ManagedBadge /> : "Deployments, prices and routing"}
      >
        <DialogBody className="space-y-6">
          <Deployments model={model} />
          <Settings model={model} models={models} />
        </DialogBody>
      </SheetContent>
    </Dialog>
  );
}

function Deployments({ model }: { model: ModelRow }) {
  const [adding, setAdding] = useState(model.deployments.length === 0);
  return (
    <section className="space-y-2.5">
      <div className="flex items-center justify-between">
        <h3 className="font-medium text-sm">Deployments</h3>
        {!adding && !model.managed && (
          <Button size="sm" onClick={() => setAdding(true)}>
            <Plus /> Add deployment
          </Button>
        )}
      </div>
      {model.deployments.map((deployment) => (
        <DeploymentCard key={deployment.id} deployment={deployment} />
      ))}
      {model.deployments.length === 0 && model.managed && (
        <p className="text-muted-foreground text-sm">None is declared.</p>
      )}
      {adding && !model.managed && <AddDeployment model={model} onDone={() => setAdding(false)} />}
    </section>
  );
}

function Settings({ model, models }: { model: ModelRow; models: readonly ModelRow[] }) {
  const update = trpc.models.update.useMutation({ meta: ownError });
  const form = useForm({
    initial: modelValues(model),
    schema: ModelChange,
    toInput: (values: ModelValues) => ({ id: model.id, ...modelInput(values) }),
    send: (input) => update.mutateAsync(input),
  });
  const others = models.filter((other) => other.id !== model.id).map((other) => other.name);
  return (
    <section>
      <h3 className="mb-2.5 font-medium text-sm">Routing</h3>
      <form onSubmit={form.submit} noValidate>
        <fieldset disabled={model.managed} className="space-y-4">
          <ModelFields form={form} otherNames={others} />
          {form.errors[""] && (
            <p role="alert" className="text-danger text-sm">
              {form.errors[""]}
            </p>
          )}
          {!model.managed && (
            <div className="flex items-center gap-3">
              <Button type="submit" variant="primary" loading={form.pending}>
                Save
              </Button>
              {update.isSuccess && !form.pending && (
                <span role="status" className="text-muted-foreground text-sm">
                  Saved
                </span>
              )}
            </div>
          )}
        </fieldset>
      </form>
    </section>
  );
}
