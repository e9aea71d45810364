import { type FormEvent, useState } from "react";
import { z } from "zod";

/** Problems of a form by the path of their field, as `keys.0.apiKey`; the empty path is the form as a whole. */
export type FormErrors = Readonly<Record<string, string>>;

/** The state of a form and what can be done with it. */
export type Form<Values> = {
  values: Values;
  set: (patch: Partial<Values>) => void;
  errors: FormErrors;
  pending: boolean;
  submit: (event: FormEvent) => void;
};

type FormOptions<Values, Input> = {
  initial: Values;
  /** Checks what `toInput` made; the API checks the same again. */
  schema: z.ZodType<unknown, Input>;
  /** What the API takes, from what the fields hold. */
  toInput: (values: Values) => Input;
  /** Sends the input; a rejection is shown in the form. */
  send: (input: Input) => Promise<unknown>;
};

/** Holds a form's values, checks them before they are sent and keeps the problems of both. */
export function useForm<Values extends object, Input>(options: FormOptions<Values, Input>): Form<Values> {
  const [values, setValues] = useState(options.initial);
  const [errors, setErrors] = useState<FormErrors>({});
  const [pending, setPending] = useState(false);
  const send = async (form: EventTarget) => {
    const input = options.toInput(values);
    const found = problems(options.schema, input);
    setErrors(found);
    if (Object.keys(found).length > 0) return focusInvalid(form);
    setPending(true);
    try {
      await options.send(input);
    } catch (error) {
      setErrors(refusalOf(error));
      focusInvalid(form);
    } finally {
      setPending(false);
    }
  };
  return {
    values,
    set: (patch) => {
      setValues((current) => ({ ...current, ...patch }));
      setErrors((current) => without(current, Object.keys(patch)));
    },
    errors,
    pending,
    submit: (event) => {
      event.preventDefault();
      // A dialog's form may be rendered inside another form's React tree; its submission ends here.
      event.stopPropagation();
      void send(event.currentTarget);
    },
  };
}

/** Brings the first field with a problem into view, once it is marked as such. */
function focusInvalid(form: EventTarget): void {
  requestAnimationFrame(() => {
    const field = form instanceof HTMLElement ? form.querySelector<HTMLElement>("[aria-invalid=true]") : null;
    field?.focus();
  });
}

/** The first problem of each field; empty when the input is good. */
export function problems<Input>(schema: z.ZodType<unknown, Input>, input: Input): FormErrors {
  const result = schema.safeParse(input);
  const found: Record<string, string> = {};
  for (const issue of result.error?.issues ?? []) found[issue.path.join(".")] ??= issue.message;
  return found;
}

/** The problem of a field, or the first one below it when it stands for a list or a record. */
export function errorAt(errors: FormErrors, field: string): string | undefined {
  return errors[field] ?? Object.entries(errors).find(([path]) => path.startsWith(`${field}.`))?.[1];
}

const Refusal = z.object({ data: z.object({ fieldErrors: z.record(z.string(), z.array(z.string())) }) });

/** What the API said against an input, by field where it named one. */
export function refusalOf(error: unknown): FormErrors {
  const fields = Refusal.safeParse(error).data?.data.fieldErrors ?? {};
  const found = Object.entries(fields).flatMap(([path, [message]]) => (message === undefined ? [] : [[path, message]]));
  if (found.length > 0) return Object.fromEntries(found);
  return { "": error instanceof Error ? error.message : String(error) };
}

/** The errors that are left after the named fields, or fields below them, have been edited. */
export function without(errors: FormErrors, fields: readonly string[]): FormErrors {
  const kept = Object.entries(errors).filter(
    ([path]) => path !== "" && !fields.some((field) => path === field || path.startsWith(`${field}.`)),
  );
  return Object.fromEntries(kept);
}
