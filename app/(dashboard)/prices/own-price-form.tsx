import { Plus } from "lucide-react";
import type { z } from "zod";
import { Field } from "@/components/field";
import { errorAt, useForm } from "@/components/form";
import { ownError, trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { NewPrice } from "@/server/api/prices.schema";
import { emptyLine, LineFields, type LineValues, lineInput, lineValues } from "./line-fields";
import type { PriceRow } from "./rates";

type Values = { effectiveFrom: string; lines: LineValues[] };
type OwnPriceFormProps = { deploymentId: string; start: PriceRow | undefined; onDone: () => void };

/** A price of one's own from a moment on: any number of lines, each a rate and what it holds for. */
export function OwnPriceForm({ deploymentId, start, onDone }: OwnPriceFormProps) {
  const create = trpc.prices.create.useMutation({ meta: ownError });
  const lines = start?.rates.length ? start.rates.map(lineValues) : [emptyLine("input"), emptyLine("output")];
  const initial: Values = { effectiveFrom: "", lines };
  const form = useForm({
    initial,
    schema: NewPrice,
    toInput: (values: Values): z.input<typeof NewPrice> => ({
      deploymentId,
      ...(values.effectiveFrom !== "" && { effectiveFrom: new Date(values.effectiveFrom) }),
      rates: values.lines.map(lineInput),
    }),
    send: async (input) => {
      await create.mutateAsync(input);
      onDone();
    },
  });
  const { values, errors, set } = form;
  const problem = errors[""] ?? errors.rates ?? errorAt(errors, "deploymentId");
  return (
    <form
      aria-label="Own price"
      onSubmit={form.submit}
      noValidate
      className="space-y-3 rounded-lg border border-accent/40 p-3"
    >
      <Field label="In force from" optional hint="Empty: from now on." error={errors.effectiveFrom}>
        {(control) => (
          <Input
            {...control}
            type="datetime-local"
            className="w-auto tabular-nums"
            value={values.effectiveFrom}
            onChange={(event) => set({ effectiveFrom: event.target.value })}
          />
        )}
      </Field>
      <ul aria-label="Rates" className="space-y-3">
        {values.lines.map((line, index) => (
          <LineFields
            key={line.id}
            line={line}
            errors={errors}
            path={`rates.${index}`}
            onChange={(next) => set({ lines: values.lines.map((other, at) => (at === index ? next : other)) })}
            onRemove={() => set({ lines: values.lines.filter((other) => other !== line) })}
          />
        ))}
      </ul>
      {problem && (
        <p role="alert" className="text-danger text-sm">
          {problem}
        </p>
      )}
      <div className="flex flex-wrap gap-2">
        <Button type="submit" variant="primary" size="sm" loading={form.pending}>
          Set price
        </Button>
        <Button size="sm" onClick={() => set({ lines: [...values.lines, emptyLine("cachedInput")] })}>
          <Plus /> Add a rate
        </Button>
        <Button size="sm" variant="ghost" onClick={onDone}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
