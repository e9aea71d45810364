import type { ReactNode } from "react";
import type { Form } from "./form";
import { Button } from "./ui/button";
import { Dialog, DialogBody, DialogContent, DialogFooter } from "./ui/dialog";

type FormDialogProps = {
  title: string;
  description?: ReactNode;
  form: Pick<Form<object>, "errors" | "pending" | "submit">;
  submitLabel: string;
  onClose: () => void;
  /** Beside the buttons, at the start of their line. */
  extra?: ReactNode;
  /** True while the form only shows something that cannot be changed. */
  readOnly?: boolean;
  className?: string;
  children: ReactNode;
};

/** An open dialog with a form in it. Render it only while it is wanted: its fields then start from current values. */
export function FormDialog(props: FormDialogProps) {
  const { title, description, form, submitLabel, onClose, extra, readOnly, className, children } = props;
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent title={title} description={description} className={className}>
        <form onSubmit={form.submit} noValidate className="flex min-h-0 flex-1 flex-col">
          <DialogBody>
            <fieldset disabled={readOnly} className="min-w-0 space-y-4">
              {children}
            </fieldset>
          </DialogBody>
          <FormProblem errors={form.errors} />
          <DialogFooter>
            {extra && <div className="mr-auto">{extra}</div>}
            <Button onClick={onClose}>{readOnly ? "Close" : "Cancel"}</Button>
            {!readOnly && (
              <Button type="submit" variant="primary" loading={form.pending}>
                {submitLabel}
              </Button>
            )}
          </DialogFooter>
        </form>
      </DialogContent>
    </Dialog>
  );
}

function FormProblem({ errors }: { errors: Form<object>["errors"] }) {
  if (Object.keys(errors).length === 0) return null;
  return (
    <p role="alert" className="border-t border-danger/25 bg-danger/8 px-5 py-2 text-danger text-sm">
      {errors[""] ?? "Some fields need another look."}
    </p>
  );
}
