import { Field } from "./field";
import type { FormErrors } from "./form";
import { Input } from "./ui/input";

/** What an upstream takes at most, as typed; empty = no limit. */
export type LimitTexts = { rpm: string; tpm: string; concurrent: string };

type LimitNumbers = { rpm: number | null; tpm: number | null; concurrent: number | null };

export const noLimits: LimitTexts = { rpm: "", tpm: "", concurrent: "" };

/** Limits as their fields hold them. */
export function limitTexts({ rpm, tpm, concurrent }: LimitNumbers): LimitTexts {
  return { rpm: rpm?.toString() ?? "", tpm: tpm?.toString() ?? "", concurrent: concurrent?.toString() ?? "" };
}

/** Limits as the API takes them. */
export function limitNumbers({ rpm, tpm, concurrent }: LimitTexts): LimitNumbers {
  return { rpm: wholeOf(rpm), tpm: wholeOf(tpm), concurrent: wholeOf(concurrent) };
}

/** A number as typed, null for nothing; what is not a number stays one that no schema accepts, so that it is refused and not dropped. */
export function wholeOf(text: string): number | null {
  return text.trim() === "" ? null : Number(text);
}

const fields = [
  { name: "rpm", label: "Requests / min" },
  { name: "tpm", label: "Tokens / min" },
  { name: "concurrent", label: "At once" },
] as const;

type UpstreamLimitFieldsProps = {
  values: LimitTexts;
  errors: FormErrors;
  set: (patch: Partial<LimitTexts>) => void;
};

/** Requests and tokens a minute, and calls at the same time. */
export function UpstreamLimitFields({ values, errors, set }: UpstreamLimitFieldsProps) {
  return (
    <div className="grid gap-3 sm:grid-cols-3">
      {fields.map(({ name, label }) => (
        <Field key={name} label={label} error={errors[name]}>
          {(control) => (
            <Input
              {...control}
              inputMode="numeric"
              placeholder="no limit"
              className="tabular-nums"
              value={values[name]}
              onChange={(event) => set({ [name]: event.target.value })}
            />
          )}
        </Field>
      ))}
    </div>
  );
}
