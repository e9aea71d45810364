import { ChevronRight } from "lucide-react";
import { Field, FieldRow } from "@/components/field";
import { errorAt, type Form } from "@/components/form";
import type { Outputs } from "@/components/trpc";
import { Input, Textarea } from "@/components/ui/input";
import { Switch } from "@/components/ui/toggle";

/** A provider type as the API describes it. */
export type ProviderType = Outputs["providerTypes"]["list"][number];

/** What the fields of a provider hold; headers are lines of `Name: value`. */
export type ProviderValues = { name: string; baseUrl: string; allowPrivateNetwork: boolean; headers: string };

type ProviderFieldsProps = { form: Form<ProviderValues>; type: Pick<ProviderType, "baseUrl" | "demo"> | undefined };

/** Name and address, as both dialogs of a provider have them. */
export function ProviderFields({ form, type }: ProviderFieldsProps) {
  const { values, errors, set } = form;
  return (
    <>
      <Field label="Name" hint="Callers may address a model as name/model." error={errors.name}>
        {(control) => (
          <Input {...control} value={values.name} onChange={(event) => set({ name: event.target.value })} />
        )}
      </Field>
      {!type?.demo && (
        <Field
          label="Base URL"
          optional={typeof type?.baseUrl === "string"}
          hint={type?.baseUrl ? `Empty means ${type.baseUrl}` : "As the vendor documents it, usually ending in /v1."}
          error={errors.baseUrl}
        >
          {(control) => (
            <Input
              {...control}
              type="url"
              inputMode="url"
              spellCheck={false}
              placeholder={type?.baseUrl ?? "https://…/v1"}
              value={values.baseUrl}
              onChange={(event) => set({ baseUrl: event.target.value })}
            />
          )}
        </Field>
      )}
    </>
  );
}

/** The seldom-needed rest, folded away unless it holds something. */
export function ProviderOptions({ form }: { form: Form<ProviderValues> }) {
  const { values, errors, set } = form;
  const headersError = errorAt(errors, "headers");
  return (
    <details
      className="group rounded-lg border"
      open={values.allowPrivateNetwork || values.headers !== "" || headersError !== undefined}
    >
      <summary className="flex list-none items-center gap-1.5 rounded-lg px-3 py-2 font-medium text-sm">
        <ChevronRight
          aria-hidden
          className="size-3.5 text-muted-foreground transition-transform group-open:rotate-90"
        />
        More options
      </summary>
      <div className="space-y-4 border-t px-3 py-3">
        <FieldRow label="Allow private network" hint="For a server on this machine or inside your network.">
          {(control) => (
            <Switch
              id={control.id}
              aria-describedby={control["aria-describedby"]}
              checked={values.allowPrivateNetwork}
              onCheckedChange={(allowPrivateNetwork) => set({ allowPrivateNetwork })}
            />
          )}
        </FieldRow>
        <Field
          label="Extra headers"
          optional
          hint="Sent with every request; one “Name: value” on each line."
          error={headersError}
        >
          {(control) => (
            <Textarea
              {...control}
              spellCheck={false}
              className="font-mono text-xs"
              value={values.headers}
              onChange={(event) => set({ headers: event.target.value })}
            />
          )}
        </Field>
      </div>
    </details>
  );
}
