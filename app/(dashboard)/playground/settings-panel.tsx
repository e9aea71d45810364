import { Field } from "@/components/field";
import { DemoBadge, isDemo } from "@/components/managed-badge";
import { NameList } from "@/components/name-list";
import type { Outputs } from "@/components/trpc";
import { Input, Textarea } from "@/components/ui/input";
import { Select } from "@/components/ui/select";
import { Skeleton } from "@/components/ui/skeleton";
import type { Settings } from "./settings";

type SettingsPanelProps = {
  settings: Settings;
  choices: { keys: Outputs["keys"]["list"]; models: Outputs["models"]["list"] };
  isLoading: boolean;
  onChange: (patch: Partial<Settings>) => void;
};

const numbers = [
  { name: "temperature", label: "Temperature", mode: "decimal" },
  { name: "topP", label: "Top p", mode: "decimal" },
  { name: "maxTokens", label: "Max tokens", mode: "numeric" },
] as const;

/** Key, model and parameters of the conversation. */
export function SettingsPanel({ settings, choices, isLoading, onChange }: SettingsPanelProps) {
  if (isLoading) return <Skeleton className="h-80" />;
  return (
    <div className="space-y-4">
      <Field label="Model">
        {({ id }) => (
          <Select
            id={id}
            placeholder="No model"
            value={settings.model}
            options={choices.models.map((model) => ({ value: model.name, label: <ModelLabel model={model} /> }))}
            onValueChange={(model) => onChange({ model })}
          />
        )}
      </Field>
      <Field label="Key" hint="The call is accounted to it.">
        {({ id }) => (
          <Select
            id={id}
            placeholder="No key"
            value={settings.keyId}
            options={choices.keys.map((key) => ({ value: key.id, label: key.name }))}
            onValueChange={(keyId) => onChange({ keyId })}
          />
        )}
      </Field>
      <Field label="System prompt">
        {(control) => (
          <Textarea
            {...control}
            placeholder="You are a helpful assistant."
            className="max-h-60"
            value={settings.system}
            onChange={(event) => onChange({ system: event.target.value })}
          />
        )}
      </Field>
      <div className="grid grid-cols-2 gap-3">
        {numbers.map(({ name, label, mode }) => (
          <Field key={name} label={label} className="last:col-span-2">
            {(control) => (
              <Input
                {...control}
                inputMode={mode}
                placeholder="default"
                className="tabular-nums"
                value={settings[name]}
                aria-invalid={settings[name] !== "" && Number.isNaN(Number(settings[name]))}
                onChange={(event) => onChange({ [name]: event.target.value })}
              />
            )}
          </Field>
        ))}
      </div>
      <Field label="Stop sequences">
        {(control) => (
          <NameList control={control} names={settings.stop} placeholder="END" onChange={(stop) => onChange({ stop })} />
        )}
      </Field>
    </div>
  );
}

function ModelLabel({ model }: { model: Outputs["models"]["list"][number] }) {
  return (
    <>
      {model.name} {isDemo(model) && <DemoBadge />}
    </>
  );
}
