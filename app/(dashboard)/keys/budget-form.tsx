import type { z } from "zod";
import { Field, FieldRow } from "@/components/field";
import { errorAt, type Form, useForm } from "@/components/form";
import { UsdInput } from "@/components/money";
import { NameList } from "@/components/name-list";
import { ownError, trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { Switch } from "@/components/ui/toggle";
import { BudgetChange, NewBudget, periods } from "@/server/api/budgets.schema";
import type { BudgetOwner, BudgetRow } from "./budget-words";

type Period = (typeof periods)[number];
type BudgetValues = {
  name: string;
  limitUsd: string;
  period: Period;
  hours: string;
  timeZone: string;
  models: string[];
  soft: boolean;
};

const periodOptions: readonly { value: Period; label: string; hint?: string }[] = [
  { value: "total", label: "In total", hint: "Never begins anew by itself." },
  { value: "day", label: "A day" },
  { value: "week", label: "A week", hint: "From Monday." },
  { value: "month", label: "A month" },
  { value: "year", label: "A year" },
  { value: "hours", label: "Rolling hours", hint: "What was spent in the last hours counts." },
];

/** Adds a budget to a key or a group. */
export function NewBudgetForm({ owner, onDone }: { owner: BudgetOwner; onDone: () => void }) {
  const create = trpc.budgets.create.useMutation({ meta: ownError });
  const initial: BudgetValues = {
    name: "",
    limitUsd: "",
    period: "month",
    hours: "5",
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    models: [],
    soft: false,
  };
  const form = useForm({
    initial,
    schema: NewBudget,
    toInput: ({ hours, ...values }: BudgetValues): z.input<typeof NewBudget> => ({
      ...values,
      ...(owner.kind === "key" ? { keyId: owner.id } : { groupId: owner.id }),
      ...(values.period === "hours" && { hours: Number(hours) }),
    }),
    send: async (input) => {
      await create.mutateAsync(input);
      onDone();
    },
  });
  return <BudgetFields form={form} label="New budget" submit="Add budget" isNew onDone={onDone} />;
}

/** Changes a budget; another period would be another budget. */
export function EditBudget({ budget, onDone }: { budget: BudgetRow; onDone: () => void }) {
  const update = trpc.budgets.update.useMutation({ meta: ownError });
  const { id, name, limitUsd, hours, timeZone, models, soft } = budget;
  const period = periods.find((known) => known === budget.period) ?? "total";
  const initial: BudgetValues = { name, limitUsd, period, hours: String(hours ?? ""), timeZone, models, soft };
  const form = useForm({
    initial,
    schema: BudgetChange,
    toInput: (values: BudgetValues): z.input<typeof BudgetChange> => ({
      id,
      name: values.name,
      limitUsd: values.limitUsd,
      models: values.models,
      soft: values.soft,
    }),
    send: async (input) => {
      await update.mutateAsync(input);
      onDone();
    },
  });
  return <BudgetFields form={form} label="Budget" submit="Save" isNew={false} onDone={onDone} />;
}

type BudgetFieldsProps = {
  form: Form<BudgetValues>;
  label: string;
  submit: string;
  isNew: boolean;
  onDone: () => void;
};

function BudgetFields({ form, label, submit, isNew, onDone }: BudgetFieldsProps) {
  const { values, errors, set, pending } = form;
  return (
    <form
      aria-label={label}
      onSubmit={form.submit}
      noValidate
      className="space-y-3 rounded-lg border border-accent/40 p-3"
    >
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label="Limit in dollars" error={errors.limitUsd}>
          {(control) => (
            <UsdInput control={control} value={values.limitUsd} onChange={(limitUsd) => set({ limitUsd })} />
          )}
        </Field>
        <Field label="Name" optional error={errors.name}>
          {(control) => (
            <Input {...control} value={values.name} onChange={(event) => set({ name: event.target.value })} />
          )}
        </Field>
      </div>
      {isNew && <PeriodFields form={form} />}
      <ModelPatterns form={form} />
      <FieldRow label="Only tells" hint="A soft budget refuses nothing: it is told of at 50, 80, 90 and 100 %.">
        {({ id }) => <Switch id={id} checked={values.soft} onCheckedChange={(soft) => set({ soft })} />}
      </FieldRow>
      {errors[""] && (
        <p role="alert" className="text-danger text-sm">
          {errors[""]}
        </p>
      )}
      <div className="flex gap-2">
        <Button type="submit" variant="primary" size="sm" loading={pending}>
          {submit}
        </Button>
        <Button size="sm" variant="ghost" onClick={onDone}>
          Cancel
        </Button>
      </div>
    </form>
  );
}

function PeriodFields({ form: { values, errors, set } }: { form: Form<BudgetValues> }) {
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      <Field label="Period" error={errors.period}>
        {({ id }) => (
          <Select id={id} value={values.period} options={periodOptions} onValueChange={(period) => set({ period })} />
        )}
      </Field>
      {values.period === "hours" && (
        <Field label="Hours" error={errors.hours}>
          {(control) => (
            <Input
              {...control}
              inputMode="numeric"
              className="tabular-nums"
              value={values.hours}
              onChange={(event) => set({ hours: event.target.value })}
            />
          )}
        </Field>
      )}
      {values.period !== "hours" && values.period !== "total" && (
        <Field label="Time zone" error={errors.timeZone}>
          {(control) => (
            <>
              <Input
                {...control}
                list={`${control.id}-zones`}
                spellCheck={false}
                value={values.timeZone}
                onChange={(event) => set({ timeZone: event.target.value })}
              />
              <datalist id={`${control.id}-zones`}>
                {["UTC", ...Intl.supportedValuesOf("timeZone")].map((zone) => (
                  <option key={zone} value={zone} />
                ))}
              </datalist>
            </>
          )}
        </Field>
      )}
    </div>
  );
}

function ModelPatterns({ form: { values, errors, set } }: { form: Form<BudgetValues> }) {
  const models = trpc.models.list.useQuery();
  return (
    <Field
      label="Models"
      optional
      hint="Empty: all. A star at the end takes every name that begins so."
      error={errorAt(errors, "models")}
    >
      {(control) => (
        <NameList
          control={control}
          names={values.models}
          suggestions={models.data?.map((model) => model.name) ?? []}
          placeholder="gpt-*"
          onChange={(chosen) => set({ models: chosen })}
        />
      )}
    </Field>
  );
}
