import { ChevronRight } from "lucide-react";
import { z } from "zod";
import { Field, FieldRow } from "@/components/field";
import { errorAt, type Form } from "@/components/form";
import type { Outputs } from "@/components/trpc";
import { Input, Textarea } from "@/components/ui/input";
import { Switch } from "@/components/ui/toggle";
import { type LimitTexts, UpstreamLimitFields } from "@/components/upstream-limits";

/** A provider type as the API describes it. */
export type ProviderType = Outputs["providerTypes"]["list"][number];

/** What the fields of a provider hold; headers are lines of `Name: value`, options a JSON object, seconds as typed. */
export type ProviderValues = {
  name: string;
  baseUrl: string;
  allowPrivateNetwork: boolean;
  headers: string;
  options: string;
  probeSeconds: string;
} & LimitTexts;

type Options = Outputs["providers"]["list"][number]["options"];

/** A provider's options as text; none are no text. */
export function optionsText(options: Options): string {
  return Object.keys(options).length === 0 ? "" : JSON.stringify(options, null, 2);
}

const OptionsObject = z.record(z.string(), z.json());

/** The options that a text holds. Throws, in words for the form, when it is no JSON object. */
export function parseOptions(text: string): Options {
  if (text.trim() === "") return {};
  try {
    return OptionsObject.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error('The options are not a JSON object, such as {"apiVersion": "2024-10-21"}.', { cause });
  }
}

function isOptions(text: string): boolean {
  try {
    return parseOptions(text) !== null;
  } catch {
    // Said at the field.
    return false;
  }
}

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

type ProviderOptionsProps = {
  form: Form<ProviderValues>;
  type: Pick<ProviderType, "about" | "canListModels"> | undefined;
};

/** The seldom-needed rest, folded away unless it holds something. */
export function ProviderOptions({ form, type }: ProviderOptionsProps) {
  const { values, errors, set } = form;
  const headersError = errorAt(errors, "headers");
  const { about = "", canListModels = true } = type ?? {};
  const { rpm, tpm, concurrent, probeSeconds } = values;
  const holds = [values.headers, values.options, probeSeconds, rpm, tpm, concurrent].some((text) => text !== "");
  return (
    <details
      className="group rounded-lg border"
      open={values.allowPrivateNetwork || holds || headersError !== undefined}
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
        {canListModels && <ProbeField form={form} />}
        <UpstreamLimitFields values={values} errors={errors} set={set} />
        <Field
          label="Options"
          optional
          hint={/\boptions?\b/i.test(about) ? about : "What this type takes beside the usual, as a JSON object."}
          error={isOptions(values.options) ? errorAt(errors, "options") : "This is not a JSON object."}
        >
          {(control) => (
            <Textarea
              {...control}
              spellCheck={false}
              placeholder="{}"
              className="font-mono text-xs"
              value={values.options}
              onChange={(event) => set({ options: event.target.value })}
            />
          )}
        </Field>
      </div>
    </details>
  );
}

function ProbeField({ form: { values, errors, set } }: { form: Form<ProviderValues> }) {
  return (
    <Field
      label="Try the keys every, seconds"
      optional
      hint="Asks for the list of models, which costs nothing; a refused key is taken out before a call meets it."
      error={errors.probeSeconds}
    >
      {(control) => (
        <Input
          {...control}
          inputMode="numeric"
          placeholder="never"
          value={values.probeSeconds}
          onChange={(event) => set({ probeSeconds: event.target.value })}
        />
      )}
    </Field>
  );
}
