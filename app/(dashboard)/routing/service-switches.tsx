import { type Outputs, trpc } from "@/components/trpc";
import { Switch } from "@/components/ui/toggle";

type Provider = Outputs["providers"]["list"][number];

type ServiceSwitchesProps = { provider: Provider | undefined; keyName: string | null };

/** Takes a provider, or the key of it that failed, out of service and puts it back; nothing for one that is gone. */
export function ServiceSwitches({ provider, keyName }: ServiceSwitchesProps) {
  const updateProvider = trpc.providers.update.useMutation();
  const updateKey = trpc.providers.updateKey.useMutation();
  if (!provider) return <span className="text-muted-foreground text-xs">deleted</span>;
  const key = provider.keys.find(({ name }) => name === keyName);
  return (
    <span className="flex flex-col gap-1 text-xs">
      <span className="flex items-center gap-1.5">
        <Switch
          aria-label={`Enable ${provider.name}`}
          title={provider.managed ? "Managed by conduit.json" : undefined}
          disabled={provider.managed}
          checked={updateProvider.isPending ? updateProvider.variables.enabled === true : provider.enabled}
          onCheckedChange={(enabled) => updateProvider.mutate({ id: provider.id, enabled })}
        />
        provider
      </span>
      {key && (
        <span className="flex items-center gap-1.5">
          <Switch
            aria-label={`Enable key ${key.name} of ${provider.name}`}
            title={key.managed ? "Managed by conduit.json" : undefined}
            disabled={key.managed}
            checked={updateKey.isPending ? updateKey.variables.enabled === true : key.enabled}
            onCheckedChange={(enabled) => updateKey.mutate({ id: key.id, enabled })}
          />
          key
        </span>
      )}
    </span>
  );
}
