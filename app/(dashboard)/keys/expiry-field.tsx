import { Field } from "@/components/field";
import type { Form } from "@/components/form";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { type KeyValues, localInputValue } from "./key-values";

const presets = [
  { label: "30 days", days: 30 },
  { label: "90 days", days: 90 },
  { label: "1 year", days: 365 },
];

/** When the key stops working; empty is never. */
export function ExpiryField({ form: { values, errors, set } }: { form: Form<KeyValues> }) {
  return (
    <Field label="Expires" optional error={errors.expiresAt}>
      {(control) => (
        <div className="flex flex-wrap gap-2">
          <Input
            {...control}
            type="datetime-local"
            className="w-auto min-w-48 flex-1 tabular-nums"
            value={values.expiresAt}
            onChange={(event) => set({ expiresAt: event.target.value })}
          />
          <div className="flex gap-1">
            {presets.map(({ label, days }) => (
              <Button
                key={days}
                variant="ghost"
                size="sm"
                className="h-8.5"
                onClick={() => set({ expiresAt: localInputValue(new Date(Date.now() + days * 86_400_000)) })}
              >
                {label}
              </Button>
            ))}
            <Button
              variant="ghost"
              size="sm"
              className="h-8.5"
              disabled={values.expiresAt === ""}
              onClick={() => set({ expiresAt: "" })}
            >
              Never
            </Button>
          </div>
        </div>
      )}
    </Field>
  );
}
