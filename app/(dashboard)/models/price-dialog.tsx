import { Field } from "@/components/field";
import { useForm } from "@/components/form";
import { FormDialog } from "@/components/form-dialog";
import { formatDate } from "@/components/format";
import { ownError, trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { OwnPrice } from "@/server/api/deployments.schema";
import type { DeploymentRow } from "./models";

const rates = [
  { name: "inputPerMillionUsd", label: "Input", optional: false },
  { name: "outputPerMillionUsd", label: "Output", optional: false },
  { name: "cachedInputPerMillionUsd", label: "Cached input", optional: true },
  { name: "cacheWritePerMillionUsd", label: "Cache write", optional: true },
] as const;
type Rate = (typeof rates)[number]["name"];

/** Sets a deployment's own price, or goes back to the library's. Calls already made keep the version they were priced with. */
export function PriceDialog({ deployment, onClose }: { deployment: DeploymentRow; onClose: () => void }) {
  const { id, price, managed } = deployment;
  const set = trpc.deployments.setPrice.useMutation({ meta: ownError });
  const form = useForm({
    initial: {
      inputPerMillionUsd: price?.inputPerMillionUsd ?? "",
      outputPerMillionUsd: price?.outputPerMillionUsd ?? "",
      cachedInputPerMillionUsd: price?.cachedInputPerMillionUsd ?? "",
      cacheWritePerMillionUsd: price?.cacheWritePerMillionUsd ?? "",
    },
    schema: OwnPrice,
    toInput: (values: Record<Rate, string>) => ({
      id,
      inputPerMillionUsd: values.inputPerMillionUsd,
      outputPerMillionUsd: values.outputPerMillionUsd,
      cachedInputPerMillionUsd: values.cachedInputPerMillionUsd.trim() || null,
      cacheWritePerMillionUsd: values.cacheWritePerMillionUsd.trim() || null,
    }),
    send: async (input) => {
      await set.mutateAsync(input);
      onClose();
    },
  });
  return (
    <FormDialog
      title="Price per million tokens"
      description={`${deployment.upstreamModel} at ${deployment.providerName}`}
      form={form}
      submitLabel="Set price"
      readOnly={managed}
      onClose={onClose}
      extra={price?.source === "own" && !managed && <ClearButton id={id} onDone={onClose} />}
    >
      <p className="text-muted-foreground text-sm">{provenance(price)}</p>
      <div className="grid grid-cols-2 gap-4">
        {rates.map(({ name, label, optional }) => (
          <Field key={name} label={label} optional={optional} error={form.errors[name]}>
            {(control) => (
              <div className="relative">
                <span className="pointer-events-none absolute top-1.5 left-2.5 text-muted-foreground text-sm">$</span>
                <Input
                  {...control}
                  inputMode="decimal"
                  placeholder="0.00"
                  className="pl-6 tabular-nums"
                  value={form.values[name]}
                  onChange={(event) => form.set({ [name]: event.target.value })}
                />
              </div>
            )}
          </Field>
        ))}
      </div>
    </FormDialog>
  );
}

function ClearButton({ id, onDone }: { id: string; onDone: () => void }) {
  const clear = trpc.deployments.clearPrice.useMutation();
  return (
    <Button variant="ghost" loading={clear.isPending} onClick={() => clear.mutate({ id }, { onSuccess: onDone })}>
      Use the library's price
    </Button>
  );
}

function provenance(price: DeploymentRow["price"]): string {
  if (!price) return "No price is known: calls are recorded with their tokens, but without a cost.";
  const source = price.source === "own" ? "Set here" : "From the price library";
  const tiers = price.tiered ? " It rises with the length of the input; setting a price here replaces that." : "";
  return `Version ${price.version}. ${source}, in force since ${formatDate(price.effectiveFrom)}.${tiers}`;
}
