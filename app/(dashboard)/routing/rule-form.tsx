import { Plus } from "lucide-react";
import { Field, FieldRow } from "@/components/field";
import { type Form, useForm } from "@/components/form";
import { FormDialog } from "@/components/form-dialog";
import { ManagedBadge } from "@/components/managed-badge";
import { ownError, trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { Switch } from "@/components/ui/toggle";
import { NewRule } from "@/server/api/routing.schema";
import { ActionFields } from "./action-fields";
import { ConditionFields } from "./condition-fields";
import { newAction, newCondition, type RuleValues, ruleInput, ruleValues } from "./rule-values";
import type { RuleRow } from "./rule-words";

/** Creates a rule, or changes an existing one; what conduit.json declares is only shown. */
export function RuleForm({ existing, onClose }: { existing?: RuleRow; onClose: () => void }) {
  const create = trpc.routing.createRule.useMutation({ meta: ownError });
  const update = trpc.routing.updateRule.useMutation({ meta: ownError });
  const form = useForm({
    initial: ruleValues(existing),
    schema: NewRule,
    toInput: ruleInput,
    send: async (input) => {
      await (existing ? update.mutateAsync({ id: existing.id, ...input }) : create.mutateAsync(input));
      onClose();
    },
  });
  const { values, errors, set } = form;
  return (
    <FormDialog
      title={existing?.name ?? "Add a rule"}
      description={
        existing?.managed ? <ManagedBadge /> : "Rules are asked in their order, before the model's strategy."
      }
      form={form}
      submitLabel={existing ? "Save" : "Add rule"}
      readOnly={existing?.managed === true}
      onClose={onClose}
      className="max-w-2xl"
    >
      <Field label="Name" error={errors.name}>
        {(control) => (
          <Input
            {...control}
            placeholder="Keep European calls in Europe"
            value={values.name}
            onChange={(event) => set({ name: event.target.value })}
          />
        )}
      </Field>
      <Conditions form={form} />
      <Actions form={form} />
      <FieldRow label="Stop here" hint="When it holds, later rules are not asked.">
        {({ id }) => <Switch id={id} checked={values.stop} onCheckedChange={(stop) => set({ stop })} />}
      </FieldRow>
    </FormDialog>
  );
}

function Conditions({ form: { values, errors, set } }: { form: Form<RuleValues> }) {
  const { conditions, match } = values;
  return (
    <section className="space-y-2">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <h3 className="font-medium text-sm">When</h3>
        {conditions.length > 1 && (
          <Select
            aria-label="How many must hold"
            className="w-44"
            value={match}
            options={[
              { value: "all", label: "all of these hold" },
              { value: "any", label: "any of these holds" },
            ]}
            onValueChange={(next) => set({ match: next })}
          />
        )}
      </div>
      {conditions.length === 0 && <p className="text-muted-foreground text-sm">Always: it has no conditions.</p>}
      <ul aria-label="Conditions" className="space-y-2">
        {conditions.map((condition, index) => (
          <ConditionFields
            key={condition.id}
            condition={condition}
            path={`conditions.${index}`}
            errors={errors}
            onChange={(next) => set({ conditions: conditions.map((other) => (other === condition ? next : other)) })}
            onRemove={() => set({ conditions: conditions.filter((other) => other !== condition) })}
          />
        ))}
      </ul>
      <Button size="sm" variant="ghost" onClick={() => set({ conditions: [...conditions, newCondition()] })}>
        <Plus /> Add a condition
      </Button>
    </section>
  );
}

function Actions({ form: { values, errors, set } }: { form: Form<RuleValues> }) {
  const { actions } = values;
  return (
    <section className="space-y-2">
      <h3 className="font-medium text-sm">Then</h3>
      <ul aria-label="Actions" className="space-y-2">
        {actions.map((action, index) => (
          <ActionFields
            key={action.id}
            action={action}
            path={`actions.${index}`}
            errors={errors}
            onChange={(next) => set({ actions: actions.map((other) => (other === action ? next : other)) })}
            onRemove={() => set({ actions: actions.filter((other) => other !== action) })}
          />
        ))}
      </ul>
      {errors.actions && (
        <p role="alert" className="text-danger text-xs">
          {errors.actions}
        </p>
      )}
      <Button size="sm" variant="ghost" onClick={() => set({ actions: [...actions, newAction()] })}>
        <Plus /> Add an action
      </Button>
    </section>
  );
}
