import { ChevronRight } from "lucide-react";
import { Field, FieldRow } from "@/components/field";
import { errorAt, type Form } from "@/components/form";
import { NameList } from "@/components/name-list";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { Switch } from "@/components/ui/toggle";
import type { ModelValues } from "./model-values";
import { strategyOptions } from "./strategies";

type ModelFieldsProps = { form: Form<ModelValues>; otherNames: readonly string[] };

/** Name, strategy and what happens when a deployment fails, as both dialogs of a model have them. */
export function ModelFields({ form, otherNames }: ModelFieldsProps) {
  const { values, errors, set } = form;
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
      <FallbackList form={form} otherNames={otherNames} name="fallbacks" />
      <More form={form} otherNames={otherNames} />
    </>
  );
}

const fallbackTexts = {
  fallbacks: { label: "Fallbacks", hint: "Models to try, in this order, when every deployment failed." },
  fallbacksOnContext: { label: "When the input is too long", hint: "Models with a larger window, in this order." },
  fallbacksOnPolicy: {
    label: "When the content is refused",
    hint: "Without any, a refusal for its content is answered as it is.",
  },
} as const;

function FallbackList({ form, otherNames, name }: ModelFieldsProps & { name: keyof typeof fallbackTexts }) {
  const { label, hint } = fallbackTexts[name];
  return (
    <Field label={label} optional hint={hint} error={errorAt(form.errors, name)}>
      {(control) => (
        <NameList
          control={control}
          names={form.values[name]}
          suggestions={otherNames}
          placeholder="Model name"
          onChange={(names) => form.set({ [name]: names })}
        />
      )}
    </Field>
  );
}

const switches = [
  { name: "rescue", label: "Rescue broken streams", hint: "Another deployment goes on where a stream broke." },
  {
    name: "hedge",
    label: "Hedge slow streams",
    hint: "A second deployment is asked when the first is slow to begin. What both cost is the call's.",
  },
  { name: "cache", label: "Cache answers", hint: "The same request of the same key is answered from memory." },
] as const;

const numbers = [
  { name: "firstByteMs", label: "First byte within, ms", placeholder: "10000" },
  { name: "retries", label: "Retries", placeholder: "2" },
  { name: "cacheTtlSeconds", label: "Cached for, seconds", placeholder: "gateway's" },
] as const;

/** The seldom-needed rest, folded away unless something in it is not as it begins. */
function More({ form, otherNames }: ModelFieldsProps) {
  const { values, errors, set } = form;
  const touched =
    values.fallbacksOnContext.length + values.fallbacksOnPolicy.length > 0 ||
    !values.rescue ||
    values.hedge ||
    values.cache ||
    numbers.some(({ name }) => values[name] !== "");
  const failed = ["fallbacksOnContext", "fallbacksOnPolicy", ...numbers.map(({ name }) => name)].some(
    (name) => errorAt(errors, name) !== undefined,
  );
  return (
    <details className="group rounded-lg border" open={touched || failed}>
      <summary className="flex list-none items-center gap-1.5 rounded-lg px-3 py-2 font-medium text-sm">
        <ChevronRight
          aria-hidden
          className="size-3.5 text-muted-foreground transition-transform group-open:rotate-90"
        />
        Failure, speed and caching
      </summary>
      <div className="space-y-4 border-t px-3 py-3">
        <FallbackList form={form} otherNames={otherNames} name="fallbacksOnContext" />
        <FallbackList form={form} otherNames={otherNames} name="fallbacksOnPolicy" />
        {switches.map(({ name, label, hint }) => (
          <FieldRow key={name} label={label} hint={hint}>
            {(control) => (
              <Switch
                id={control.id}
                aria-describedby={control["aria-describedby"]}
                checked={values[name]}
                onCheckedChange={(on) => set({ [name]: on })}
              />
            )}
          </FieldRow>
        ))}
        <div className="grid grid-cols-2 gap-3">
          {numbers.map(({ name, label, placeholder }) => (
            <Field key={name} label={label} error={errors[name]}>
              {(control) => (
                <Input
                  {...control}
                  inputMode="numeric"
                  placeholder={placeholder}
                  className="tabular-nums"
                  value={values[name]}
                  onChange={(event) => set({ [name]: event.target.value })}
                />
              )}
            </Field>
          ))}
        </div>
      </div>
    </details>
  );
}
