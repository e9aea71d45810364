import { type ReactNode, useId } from "react";
import { Switch } from "./ui/toggle";

/** What a control needs to belong to its label, hint and error. */
export type Control = { id: string; "aria-invalid": boolean; "aria-describedby": string | undefined };

type FieldProps = {
  label: ReactNode;
  hint?: ReactNode;
  error?: string | undefined;
  optional?: boolean;
  className?: string;
  children: (control: Control) => ReactNode;
};

/** A labelled control with its hint, or in its place what is wrong with it. */
export function Field({ label, hint, error, optional, className, children }: FieldProps) {
  const id = useId();
  const noteId = `${id}-note`;
  return (
    <div className={className}>
      <label htmlFor={id} className="mb-1.5 flex items-baseline gap-1.5 font-medium text-sm">
        {label}
        {optional && <span className="font-normal text-muted-foreground text-xs">optional</span>}
      </label>
      {children({ id, "aria-invalid": error !== undefined, "aria-describedby": error || hint ? noteId : undefined })}
      {(error || hint) && (
        <p
          id={noteId}
          role={error ? "alert" : undefined}
          className={error ? "mt-1 text-danger text-xs" : "mt-1 text-muted-foreground text-xs"}
        >
          {error ?? hint}
        </p>
      )}
    </div>
  );
}

/** A control with its label beside it, as for a switch. */
export function FieldRow({
  label,
  hint,
  children,
}: {
  label: ReactNode;
  hint?: ReactNode;
  children: (control: Control) => ReactNode;
}) {
  const id = useId();
  return (
    <div className="flex items-start justify-between gap-4">
      <div>
        <label htmlFor={id} className="font-medium text-sm">
          {label}
        </label>
        {hint && (
          <p id={`${id}-note`} className="text-muted-foreground text-xs">
            {hint}
          </p>
        )}
      </div>
      {children({ id, "aria-invalid": false, "aria-describedby": hint ? `${id}-note` : undefined })}
    </div>
  );
}

type FieldSwitchProps = { label: string; checked: boolean; onCheckedChange: (checked: boolean) => void };

/** A small switch with its name, for a toolbar. */
export function FieldSwitch({ label, checked, onCheckedChange }: FieldSwitchProps) {
  const id = useId();
  return (
    <label htmlFor={id} className="flex h-8 cursor-pointer items-center gap-2 text-muted-foreground text-sm">
      <Switch id={id} checked={checked} onCheckedChange={onCheckedChange} />
      {label}
    </label>
  );
}
