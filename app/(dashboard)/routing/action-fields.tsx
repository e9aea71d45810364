import { X } from "lucide-react";
import { Field } from "@/components/field";
import { errorAt, type FormErrors } from "@/components/form";
import { NameList } from "@/components/name-list";
import { trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Input, Textarea } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import type { ActionValues } from "./rule-values";

const kinds: readonly { value: ActionValues["kind"]; label: string; hint: string }[] = [
  { value: "choose", label: "Choose", hint: "Only these may serve the call." },
  { value: "exclude", label: "Exclude", hint: "These may not." },
  { value: "rewrite", label: "Ask for another model", hint: "The call goes on as if it had named that one." },
  { value: "set", label: "Set parameters", hint: "Fields of the request; null takes one out." },
  { value: "refuse", label: "Refuse", hint: "With a message for the caller." },
];

type ActionFieldsProps = {
  action: ActionValues;
  path: string;
  errors: FormErrors;
  onChange: (action: ActionValues) => void;
  onRemove: () => void;
};

/** One action of a rule with what it needs. */
export function ActionFields({ action, path, errors, onChange, onRemove }: ActionFieldsProps) {
  const problem = errorAt(errors, path);
  const set = (patch: Partial<ActionValues>) => onChange({ ...action, ...patch });
  return (
    <li className="space-y-3 rounded-lg border p-3">
      <div className="flex items-center gap-2">
        <Select
          aria-label="Action"
          className="flex-1"
          value={action.kind}
          options={kinds}
          onValueChange={(kind) => set({ kind })}
        />
        <Button variant="ghost" size="icon" aria-label="Remove the action" onClick={onRemove}>
          <X />
        </Button>
      </div>
      {(action.kind === "choose" || action.kind === "exclude") && <TargetFields action={action} set={set} />}
      {action.kind === "rewrite" && <ModelField action={action} set={set} />}
      {action.kind === "set" && (
        <Field label="Parameters" hint='JSON, such as {"temperature": 0.2, "max_tokens": 500}'>
          {(control) => (
            <Textarea
              {...control}
              aria-invalid={problem !== undefined}
              spellCheck={false}
              className="font-mono text-xs"
              value={action.parameters}
              onChange={(event) => set({ parameters: event.target.value })}
            />
          )}
        </Field>
      )}
      {action.kind === "refuse" && (
        <Field label="Message" hint="What the caller reads.">
          {(control) => (
            <Input
              {...control}
              aria-invalid={problem !== undefined}
              value={action.message}
              onChange={(event) => set({ message: event.target.value })}
            />
          )}
        </Field>
      )}
      {problem && (
        <p role="alert" className="text-danger text-xs">
          {problem}
        </p>
      )}
    </li>
  );
}

type PartProps = { action: ActionValues; set: (patch: Partial<ActionValues>) => void };

function TargetFields({ action, set }: PartProps) {
  const providers = trpc.providers.list.useQuery();
  const models = trpc.models.list.useQuery();
  const deployments = models.data?.flatMap((model) => model.deployments) ?? [];
  const lists = [
    { name: "providers", label: "Providers", known: providers.data?.map((provider) => provider.name) ?? [] },
    { name: "tags", label: "Tags of deployments", known: deployments.flatMap((one) => one.tags) },
    { name: "regions", label: "Regions", known: deployments.flatMap((one) => one.region ?? []) },
    {
      name: "deployments",
      label: "Deployments, as provider/model",
      known: deployments.map((one) => `${one.providerName}/${one.upstreamModel}`),
    },
  ] as const;
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      {lists.map(({ name, label, known }) => (
        <Field key={name} label={label} optional>
          {(control) => (
            <NameList
              control={control}
              names={action[name]}
              suggestions={[...new Set(known)]}
              onChange={(names) => set({ [name]: names })}
            />
          )}
        </Field>
      ))}
    </div>
  );
}

function ModelField({ action, set }: PartProps) {
  const models = trpc.models.list.useQuery();
  return (
    <Field label="Model">
      {(control) => (
        <>
          <Input
            {...control}
            list={`${control.id}-models`}
            spellCheck={false}
            value={action.model}
            onChange={(event) => set({ model: event.target.value })}
          />
          <datalist id={`${control.id}-models`}>
            {models.data?.map((model) => (
              <option key={model.id} value={model.name} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}
