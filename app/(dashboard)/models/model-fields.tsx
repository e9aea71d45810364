import type { z } from "zod";
import { Field } from "@/components/field";
import { errorAt, type Form } from "@/components/form";
import { NameList } from "@/components/name-list";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import type { ModelChange } from "@/server/api/models.schema";
import { strategyOptions } from "./strategies";

/** What the fields of a model hold. */
export type ModelValues = {
  name: string;
  strategy: NonNullable<z.infer<typeof ModelChange>["strategy"]>;
  fallbacks: string[];
};

type ModelFieldsProps = { form: Form<ModelValues>; otherNames: readonly string[] };

/** Name, strategy and fallbacks, as both dialogs of a model have them. */
export function ModelFields({ form: { values, errors, set }, otherNames }: ModelFieldsProps) {
  return (
    <>
      <Field label="Name" hint="What callers write in “model”." error={errors.name}>
        {(control) => (
          <Input
            {...control}
            spellCheck={false}
            value={values.name}
            onChange={(event) => set({ name: event.target.value })}
          />
        )}
      </Field>
      <Field label="Strategy" hint="How one of several deployments is chosen." error={errors.strategy}>
        {({ id }) => (
          <Select
            id={id}
            value={values.strategy}
            options={strategyOptions}
            onValueChange={(strategy) => set({ strategy })}
          />
        )}
      </Field>
      <Field
        label="Fallbacks"
        optional
        hint="Models to try, in this order, when every deployment failed."
        error={errorAt(errors, "fallbacks")}
      >
        {(control) => (
          <NameList
            control={control}
            names={values.fallbacks}
            suggestions={otherNames}
            placeholder="Model name"
            onChange={(fallbacks) => set({ fallbacks })}
          />
        )}
      </Field>
    </>
  );
}
