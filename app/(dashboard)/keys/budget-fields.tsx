import { Plus, X } from "lucide-react";
import { errorAt, type Form } from "@/components/form";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { budgetPeriods } from "@/server/api/keys.schema";
import type { KeyValues, Period } from "./key-values";

const periodLabels: Record<Period, string> = {
  total: "in total",
  day: "a day",
  week: "a week",
  month: "a month",
  year: "a year",
};

/** The budgets that a new key begins with, at most one for each period; there are more kinds once it exists. */
export function BudgetFields({ form: { values, errors, set } }: { form: Form<KeyValues> }) {
  const { budgets } = values;
  const free = budgetPeriods.filter((period) => !budgets.some((budget) => budget.period === period));
  const next = free.includes("month") ? "month" : free[0];
  const error = errorAt(errors, "budgets");
  return (
    <div>
      <div className="mb-1.5 flex items-center justify-between">
        <span className="font-medium text-sm">Budgets</span>
        <Button
          size="sm"
          variant="ghost"
          disabled={!next}
          onClick={() => next && set({ budgets: [...budgets, { period: next, limitUsd: "" }] })}
        >
          <Plus /> Add budget
        </Button>
      </div>
      {budgets.length === 0 && (
        <p className="text-muted-foreground text-xs">
          No limit on what it may spend. Rolling, soft and per-model ones can be added later.
        </p>
      )}
      <ul className="space-y-2">
        {budgets.map((budget, index) => {
          const replace = (patch: Partial<typeof budget>) =>
            set({ budgets: budgets.map((other, at) => (at === index ? { ...other, ...patch } : other)) });
          return (
            <li key={budget.period} className="flex items-center gap-2">
              <div className="relative flex-1">
                <span className="pointer-events-none absolute top-1.5 left-2.5 text-muted-foreground text-sm">$</span>
                <Input
                  aria-label={`Budget ${periodLabels[budget.period]}, in dollars`}
                  aria-invalid={errors[`budgets.${index}.limitUsd`] !== undefined}
                  inputMode="decimal"
                  placeholder="5.00"
                  className="pl-6 tabular-nums"
                  value={budget.limitUsd}
                  onChange={(event) => replace({ limitUsd: event.target.value })}
                />
              </div>
              <Select
                aria-label="Period"
                className="w-32"
                value={budget.period}
                options={[budget.period, ...free].map((period) => ({ value: period, label: periodLabels[period] }))}
                onValueChange={(period) => replace({ period })}
              />
              <Button
                variant="ghost"
                size="icon"
                aria-label={`Remove the budget ${periodLabels[budget.period]}`}
                onClick={() => set({ budgets: budgets.filter((other) => other !== budget) })}
              >
                <X />
              </Button>
            </li>
          );
        })}
      </ul>
      {error && (
        <p role="alert" className="mt-1 text-danger text-xs">
          {error}
        </p>
      )}
    </div>
  );
}
