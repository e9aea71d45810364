import type { z } from "zod";
import { Field } from "@/components/field";
import { useForm } from "@/components/form";
import { UsdInput } from "@/components/money";
import { ownError, trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { NewTransaction } from "@/server/api/groups.schema";
import type { GroupRow } from "./groups";

type Kind = z.input<typeof NewTransaction>["kind"];

const kinds: readonly { value: Kind; label: string; hint: string }[] = [
  { value: "credit", label: "Credit", hint: "Adds to the balance." },
  { value: "debit", label: "Debit", hint: "Takes from the balance." },
  { value: "refund", label: "Refund", hint: "Gives back what calls took." },
  { value: "adjustment", label: "Adjustment", hint: "Corrects it either way; may be negative." },
];

/** Moves a group's balance, with a reason that stays. */
export function TransactionForm({ group, onDone }: { group: GroupRow; onDone: () => void }) {
  const add = trpc.groups.addTransaction.useMutation({ meta: ownError });
  const initial: { kind: Kind; amountUsd: string; reason: string } = { kind: "credit", amountUsd: "", reason: "" };
  const form = useForm({
    initial,
    schema: NewTransaction,
    toInput: (values: typeof initial) => ({ id: group.id, ...values }),
    send: async (input) => {
      await add.mutateAsync(input);
      onDone();
    },
  });
  const { values, errors, set } = form;
  return (
    <form
      aria-label="New transaction"
      onSubmit={form.submit}
      noValidate
      className="space-y-3 rounded-lg border border-accent/40 p-3"
    >
      <div className="grid gap-3 sm:grid-cols-2">
        <Field label="Kind" error={errors.kind}>
          {({ id }) => <Select id={id} value={values.kind} options={kinds} onValueChange={(kind) => set({ kind })} />}
        </Field>
        <Field label="Amount in dollars" error={errors.amountUsd}>
          {(control) => (
            <UsdInput
              control={control}
              value={values.amountUsd}
              placeholder="100.00"
              onChange={(amountUsd) => set({ amountUsd })}
            />
          )}
        </Field>
      </div>
      <Field label="Reason" error={errors.reason ?? errors[""]}>
        {(control) => (
          <Input
            {...control}
            placeholder="Invoice 2026-117"
            value={values.reason}
            onChange={(event) => set({ reason: event.target.value })}
          />
        )}
      </Field>
      <div className="flex gap-2">
        <Button type="submit" variant="primary" size="sm" loading={form.pending}>
          Post
        </Button>
        <Button size="sm" variant="ghost" onClick={onDone}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
