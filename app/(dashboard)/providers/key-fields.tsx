import { Field } from "@/components/field";
import type { FormErrors } from "@/components/form";
import { Input } from "@/components/ui/input";

type Named = { name: string; weight: string };

/** What a provider's key is called, and how large its share of the calls is. */
export function NameAndWeight(props: { values: Named; errors: FormErrors; set: (patch: Partial<Named>) => void }) {
  const { values, errors, set } = props;
  return (
    <div className="grid grid-cols-[1fr_5rem] gap-3">
      <Field label="Name" error={errors.name}>
        {(control) => (
          <Input {...control} value={values.name} onChange={(event) => set({ name: event.target.value })} />
        )}
      </Field>
      <Field label="Weight" error={errors.weight}>
        {(control) => (
          <Input
            {...control}
            inputMode="numeric"
            value={values.weight}
            onChange={(event) => set({ weight: event.target.value })}
          />
        )}
      </Field>
    </div>
  );
}

type CredentialProps = {
  label: string;
  /** What is said of it, or of the form as a whole. */
  error: string | undefined;
  hint?: string;
  optional?: boolean;
  placeholder?: string;
  value: string;
  onChange: (apiKey: string) => void;
};

/** A credential as it is typed; a stored one is never shown. */
export function Credential({ label, error, hint, optional = false, placeholder, value, onChange }: CredentialProps) {
  return (
    <Field label={label} error={error} {...(hint !== undefined && { hint })} optional={optional}>
      {(control) => (
        <Input
          {...control}
          type="password"
          spellCheck={false}
          className="font-mono"
          placeholder={placeholder}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
