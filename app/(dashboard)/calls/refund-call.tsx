import { toast } from "sonner";
import { Field } from "@/components/field";
import { useForm } from "@/components/form";
import { FormDialog } from "@/components/form-dialog";
import { formatUsd } from "@/components/format";
import { UsdInput } from "@/components/money";
import { ownError, trpc } from "@/components/trpc";
import { Input } from "@/components/ui/input";
import { NewRefund } from "@/server/api/ledger.schema";
import type { CallDetail } from "./call-sheet";

/** Gives back what a call cost, to its budgets and to the balance of its group; the ledger keeps the call as it was. */
export function RefundCall({ call, onClose }: { call: CallDetail; onClose: () => void }) {
  const refund = trpc.calls.refund.useMutation({ meta: ownError });
  const form = useForm({
    initial: { amountUsd: call.netCostUsd ?? "", reason: "" },
    schema: NewRefund,
    toInput: (values: { amountUsd: string; reason: string }) => ({
      id: call.id,
      startedAt: call.startedAt,
      amountUsd: values.amountUsd,
      reason: values.reason,
    }),
    send: async (input) => {
      const { amountUsd, group } = await refund.mutateAsync(input);
      const left = group ? ` ${call.groupName ?? "Its group"} has ${formatUsd(group.balanceUsd)} now.` : "";
      toast.success(`${formatUsd(amountUsd)} refunded.${left}`);
      onClose();
    },
  });
  const { values, errors, set } = form;
  return (
    <FormDialog
      title="Refund this call"
      description={call.model ?? call.requestId}
      form={form}
      submitLabel="Refund"
      onClose={onClose}
    >
      <Field
        label="Amount in dollars"
        hint="At most what the call cost. A call is refunded once."
        error={errors.amountUsd}
      >
        {(control) => (
          <UsdInput control={control} value={values.amountUsd} onChange={(amountUsd) => set({ amountUsd })} />
        )}
      </Field>
      <Field label="Reason" error={errors.reason}>
        {(control) => (
          <Input {...control} value={values.reason} onChange={(event) => set({ reason: event.target.value })} />
        )}
      </Field>
    </FormDialog>
  );
}
