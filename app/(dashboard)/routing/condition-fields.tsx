import { X } from "lucide-react";
import { errorAt, type FormErrors } from "@/components/form";
import { NameList } from "@/components/name-list";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { type ConditionValues, takesList, withOperator } from "./rule-values";
import { fieldFacts, operatorLabels, operatorsOf, type RuleField } from "./rule-words";

const fields: readonly RuleField[] = [
  "model",
  "key",
  "group",
  "tag",
  "header",
  "metadata",
  "content",
  "tokens",
  "budget",
  "time",
  "weekday",
];

type ConditionFieldsProps = {
  condition: ConditionValues;
  path: string;
  errors: FormErrors;
  onChange: (condition: ConditionValues) => void;
  onRemove: () => void;
};

/** One condition: what it looks at, how it compares, and with what. */
export function ConditionFields({ condition, path, errors, onChange, onRemove }: ConditionFieldsProps) {
  const { field, name, operator, value, values, timeZone } = condition;
  const { label, reading } = fieldFacts[field];
  const problem = errorAt(errors, path);
  const set = (patch: Partial<ConditionValues>) => onChange({ ...condition, ...patch });
  return (
    <li>
      <div className="flex flex-wrap items-start gap-2">
        <Select
          aria-label="Looks at"
          className="w-36 grow"
          value={field}
          options={fields.map((one) => ({ value: one, label: fieldFacts[one].label }))}
          onValueChange={(next) => {
            const allowed = operatorsOf(next);
            const kept = allowed.includes(operator) ? operator : (allowed[0] ?? "eq");
            onChange({ ...withOperator(condition, kept), field: next });
          }}
        />
        {reading === "named" && (
          <Input
            aria-label={`${label}: name`}
            placeholder={field === "header" ? "x-region" : "plan"}
            className="w-28 grow"
            value={name}
            onChange={(event) => set({ name: event.target.value })}
          />
        )}
        <Select
          aria-label="Compares"
          className="w-32"
          value={operator}
          options={operatorsOf(field).map((one) => ({ value: one, label: operatorLabels[one] }))}
          onValueChange={(next) => onChange(withOperator(condition, next))}
        />
        <ConditionValue condition={condition} invalid={problem !== undefined} onChange={set} />
        {(field === "time" || field === "weekday") && (
          <Input
            aria-label={`${label}: time zone`}
            placeholder="UTC"
            className="w-32 grow"
            value={timeZone}
            onChange={(event) => set({ timeZone: event.target.value })}
          />
        )}
        <Button variant="ghost" size="icon" aria-label={`Remove the condition on ${label}`} onClick={onRemove}>
          <X />
        </Button>
      </div>
      {problem && (
        <p role="alert" className="mt-1 text-danger text-xs">
          {`${label} ${operatorLabels[operator]} ${takesList(operator) ? values.join(", ") : value}: ${problem}`}
        </p>
      )}
    </li>
  );
}

type ConditionValueProps = {
  condition: ConditionValues;
  invalid: boolean;
  onChange: (patch: Partial<ConditionValues>) => void;
};

function ConditionValue({ condition, invalid, onChange }: ConditionValueProps) {
  const { id, field, operator, value, values } = condition;
  const { label, example } = fieldFacts[field];
  if (operator === "exists")
    return (
      <Select
        aria-label={`${label}: there or not`}
        className="w-24"
        value={value === "false" ? "false" : "true"}
        options={[
          { value: "true", label: "yes" },
          { value: "false", label: "no" },
        ]}
        onValueChange={(next) => onChange({ value: next })}
      />
    );
  if (takesList(operator))
    return (
      <div className="w-40 grow">
        <NameList
          control={{ id, "aria-label": `${label}: values`, "aria-invalid": invalid, "aria-describedby": undefined }}
          names={values}
          withCommas
          placeholder={`${example}, then Enter`}
          onChange={(names) => onChange({ values: names })}
        />
      </div>
    );
  const placeholder = operator === "between" ? betweenExample(field) : example;
  return (
    <Input
      aria-label={`${label}: value`}
      aria-invalid={invalid}
      placeholder={operator === "matches" ? `${example.slice(0, 3)}*` : placeholder}
      className="w-32 grow"
      value={value}
      onChange={(event) => onChange({ value: event.target.value })}
    />
  );
}

function betweenExample(field: RuleField): string {
  return field === "time" ? "22:00, 06:00" : "1000, 50000";
}
