import { Plus, X } from "lucide-react";
import { Field } from "@/components/field";
import { errorAt, type FormErrors } from "@/components/form";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";

/** The limits that there are, in the order in which they are shown. */
const limits = [
  { name: "rpm", label: "Requests / min" },
  { name: "rph", label: "Requests / hour" },
  { name: "rpd", label: "Requests / day" },
  { name: "tpm", label: "Tokens / min" },
  { name: "tpd", label: "Tokens / day" },
  { name: "concurrent", label: "At once" },
] as const;
type LimitName = (typeof limits)[number]["name"];

/** Limits as typed; empty is none. */
export type LimitValues = Record<LimitName, string>;

/** Limits of one model, or of those whose names begin alike. `id` tells entries apart while they are edited. */
export type ModelLimitValues = LimitValues & { id: string; model: string };

/** An entry as fields hold it. */
export function modelLimitValues(stored?: Stored & { model: string }): ModelLimitValues {
  return { id: crypto.randomUUID(), model: stored?.model ?? "", ...limitValues(stored) };
}

type Stored = Record<LimitName, number | null>;

/** Limits as fields hold them. */
export function limitValues(stored: Stored | undefined): LimitValues {
  return mapped((name) => stored?.[name]?.toString() ?? "");
}

/** Limits as the API takes them. What is not a number stays one that no schema accepts, so that it is refused and not dropped. */
export function limitInput(values: LimitValues): Stored {
  return mapped((name) => (values[name].trim() === "" ? null : Number(values[name])));
}

/** True when any limit is set. */
export function hasLimits(values: LimitValues): boolean {
  return limits.some(({ name }) => values[name] !== "");
}

function mapped<Value>(make: (name: LimitName) => Value): Record<LimitName, Value> {
  return {
    rpm: make("rpm"),
    rph: make("rph"),
    rpd: make("rpd"),
    tpm: make("tpm"),
    tpd: make("tpd"),
    concurrent: make("concurrent"),
  };
}

type LimitFieldsProps = {
  values: LimitValues;
  errors: FormErrors;
  /** Where the errors of these fields begin, such as `limits`. */
  path: string;
  onChange: (patch: Partial<LimitValues>) => void;
};

/** Requests, tokens and calls at once that are allowed. */
export function LimitFields({ values, errors, path, onChange }: LimitFieldsProps) {
  return (
    <div className="grid grid-cols-2 gap-3 sm:grid-cols-3">
      {limits.map(({ name, label }) => (
        <Field key={name} label={label} error={errors[`${path}.${name}`]}>
          {(control) => (
            <Input
              {...control}
              inputMode="numeric"
              placeholder="no limit"
              className="tabular-nums"
              value={values[name]}
              onChange={(event) => onChange({ [name]: event.target.value })}
            />
          )}
        </Field>
      ))}
    </div>
  );
}

type ModelLimitFieldsProps = {
  list: readonly ModelLimitValues[];
  errors: FormErrors;
  onChange: (list: ModelLimitValues[]) => void;
};

/** More limits that hold for single models only. */
export function ModelLimitFields({ list, errors, onChange }: ModelLimitFieldsProps) {
  const problem = errors.modelLimits;
  return (
    <div className="space-y-2">
      <div className="flex items-center justify-between">
        <span className="font-medium text-sm">Limits of single models</span>
        <Button size="sm" variant="ghost" onClick={() => onChange([...list, modelLimitValues()])}>
          <Plus /> Add model
        </Button>
      </div>
      {list.map((entry, index) => {
        const replace = (patch: Partial<ModelLimitValues>) =>
          onChange(list.map((other, at) => (at === index ? { ...other, ...patch } : other)));
        return (
          <div key={entry.id} className="space-y-3 rounded-lg border p-3">
            <div className="flex items-end gap-2">
              <Field label="Model" className="flex-1" error={errorAt(errors, `modelLimits.${index}.model`)}>
                {(control) => (
                  <Input
                    {...control}
                    placeholder="gpt-4o or gpt-*"
                    spellCheck={false}
                    value={entry.model}
                    onChange={(event) => replace({ model: event.target.value })}
                  />
                )}
              </Field>
              <Button
                variant="ghost"
                size="icon"
                aria-label={`Remove the limits of ${entry.model || "this model"}`}
                onClick={() => onChange(list.filter((_, at) => at !== index))}
              >
                <X />
              </Button>
            </div>
            <LimitFields values={entry} errors={errors} path={`modelLimits.${index}`} onChange={replace} />
          </div>
        );
      })}
      {problem && (
        <p role="alert" className="text-danger text-xs">
          {problem}
        </p>
      )}
    </div>
  );
}
