import { ChevronRight, Wallet } from "lucide-react";
import type { ReactNode } from "react";
import { Field, FieldRow } from "@/components/field";
import { errorAt, type Form, useForm } from "@/components/form";
import { FormDialog } from "@/components/form-dialog";
import { ManagedBadge } from "@/components/managed-badge";
import { NameList } from "@/components/name-list";
import { ownError, trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Switch } from "@/components/ui/toggle";
import { KeyChange, NewKey } from "@/server/api/keys.schema";
import { BudgetFields } from "./budget-fields";
import { ExpiryField } from "./expiry-field";
import { GroupField } from "./group-field";
import type { Issued } from "./issued-key";
import type { KeyRow } from "./key-list";
import { inputOf, type KeyValues, newInputOf, valuesOf } from "./key-values";
import { hasLimits, LimitFields, ModelLimitFields } from "./limit-fields";
import { ModelsField } from "./models-field";

type KeyFormProps = {
  existing?: KeyRow;
  onClose: () => void;
  onIssued: (issued: Issued) => void;
  onBudgets: (key: KeyRow) => void;
};

/** Creates a key, or changes an existing one; what conduit.json declares is only shown. */
export function KeyForm(props: KeyFormProps) {
  return props.existing ? <EditKey {...props} existing={props.existing} /> : <CreateKey {...props} />;
}

function CreateKey({ onClose, onIssued }: KeyFormProps) {
  const create = trpc.keys.create.useMutation({ meta: ownError });
  const form = useForm({
    initial: valuesOf(undefined),
    schema: NewKey,
    toInput: newInputOf,
    send: async (input) => {
      const { key } = await create.mutateAsync(input);
      onIssued({ name: input.name, secret: key, models: input.models ?? [] });
    },
  });
  return (
    <FormDialog
      title="Create a key"
      description="The key itself is shown once, in the next step."
      form={form}
      submitLabel="Create key"
      onClose={onClose}
    >
      <KeyFields form={form}>
        <BudgetFields form={form} />
      </KeyFields>
    </FormDialog>
  );
}

function EditKey({ existing, onClose, onBudgets }: KeyFormProps & { existing: KeyRow }) {
  const update = trpc.keys.update.useMutation({ meta: ownError });
  const form = useForm({
    initial: valuesOf(existing),
    schema: KeyChange,
    toInput: (values: KeyValues) => ({ id: existing.id, ...inputOf(values) }),
    send: async (input) => {
      await update.mutateAsync(input);
      onClose();
    },
  });
  const shown = <code className="font-mono text-xs">{`${existing.prefix}…${existing.last4}`}</code>;
  return (
    <FormDialog
      title={existing.name}
      description={existing.managed ? <ManagedBadge /> : shown}
      form={form}
      submitLabel="Save"
      readOnly={existing.managed}
      onClose={onClose}
      extra={
        <Button variant="ghost" onClick={() => onBudgets(existing)}>
          <Wallet /> Budgets
        </Button>
      }
    >
      <KeyFields form={form} />
    </FormDialog>
  );
}

const switches = [
  { name: "strict", label: "Strict", hint: "Refuses what a provider cannot express, instead of leaving it out." },
  { name: "cache", label: "Cache answers", hint: "The same request of this key is answered from memory." },
] as const;

function KeyFields({ form, children }: { form: Form<KeyValues>; children?: ReactNode }) {
  const { values, errors, set } = form;
  const { limits, modelLimits, tags } = values;
  const filled = hasLimits(limits) || modelLimits.length > 0 || tags.length > 0 || values.strict || values.cache;
  const limitError = errorAt(errors, "limits") ?? errorAt(errors, "modelLimits") ?? errorAt(errors, "tags");
  return (
    <>
      <Field label="Name" error={errors.name}>
        {(control) => (
          <Input
            {...control}
            placeholder="checkout-service"
            value={values.name}
            onChange={(event) => set({ name: event.target.value })}
          />
        )}
      </Field>
      <GroupField form={form} />
      <ModelsField form={form} />
      {children}
      <ExpiryField form={form} />
      <Fold title="Limits, tags and more" open={filled || limitError !== undefined}>
        <LimitFields
          values={limits}
          errors={errors}
          path="limits"
          onChange={(patch) => set({ limits: { ...limits, ...patch } })}
        />
        <ModelLimitFields list={modelLimits} errors={errors} onChange={(list) => set({ modelLimits: list })} />
        <Field
          label="Tags"
          optional
          hint="Copied onto every call, to filter and sum by."
          error={errorAt(errors, "tags")}
        >
          {(control) => (
            <NameList
              control={control}
              names={values.tags}
              placeholder="team:search"
              onChange={(tags) => set({ tags })}
            />
          )}
        </Field>
        {switches.map(({ name, label, hint }) => (
          <FieldRow key={name} label={label} hint={hint}>
            {(control) => (
              <Switch
                id={control.id}
                aria-describedby={control["aria-describedby"]}
                checked={values[name]}
                onCheckedChange={(on) => set({ [name]: on })}
              />
            )}
          </FieldRow>
        ))}
      </Fold>
    </>
  );
}

function Fold({ title, open, children }: { title: string; open: boolean; children: ReactNode }) {
  return (
    <details className="group rounded-lg border" open={open}>
      <summary className="flex list-none items-center gap-1.5 rounded-lg px-3 py-2 font-medium text-sm">
        <ChevronRight
          aria-hidden
          className="size-3.5 text-muted-foreground transition-transform group-open:rotate-90"
        />
        {title}
      </summary>
      <div className="space-y-4 border-t px-3 py-3">{children}</div>
    </details>
  );
}
