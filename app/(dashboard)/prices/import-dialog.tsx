import { toast } from "sonner";
import { Field } from "@/components/field";
import { errorAt, useForm } from "@/components/form";
import { FormDialog } from "@/components/form-dialog";
import { formatOf } from "@/components/format";
import { ownError, trpc } from "@/components/trpc";
import { Input, Textarea } from "@/components/ui/input";
import { PriceImport } from "@/server/api/prices.schema";

/** Reads prices from a file or from pasted text; what differs from the price in force becomes an own price. */
export function ImportDialog({ onClose }: { onClose: () => void }) {
  const importer = trpc.prices.import.useMutation({ meta: ownError });
  const form = useForm({
    initial: { text: "" },
    schema: PriceImport,
    toInput: ({ text }) => ({ text, format: formatOfText(text) }),
    send: async (input) => {
      const { added, unchanged } = await importer.mutateAsync(input);
      toast.success(`${formatOf(added, "price")} added, ${unchanged} unchanged.`);
      onClose();
    },
  });
  const { values, errors, set } = form;
  return (
    <FormDialog
      title="Import prices"
      description="CSV or JSON as the export writes it. What differs from the price in force becomes an own price."
      form={form}
      submitLabel="Import"
      onClose={onClose}
      className="max-w-2xl"
    >
      <Field label="File">
        {(control) => (
          <Input
            {...control}
            type="file"
            accept=".csv,.json,text/csv,application/json"
            className="py-1.5 file:mr-3 file:font-medium"
            onChange={(event) => {
              const [file] = event.target.files ?? [];
              void file?.text().then((text) => set({ text }));
            }}
          />
        )}
      </Field>
      <Field label="Or its text" error={errorAt(errors, "text")}>
        {(control) => (
          <Textarea
            {...control}
            spellCheck={false}
            className="max-h-72 min-h-32 font-mono text-xs"
            value={values.text}
            onChange={(event) => set({ text: event.target.value })}
          />
        )}
      </Field>
    </FormDialog>
  );
}

function formatOfText(text: string): "json" | "csv" {
  return /^\s*[[{]/.test(text) ? "json" : "csv";
}
