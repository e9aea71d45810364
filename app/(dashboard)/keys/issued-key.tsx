import { CopyOnce } from "@/components/copy-once";
import { useOrigin } from "@/components/origin";
import { Snippets } from "@/components/snippets";
import { trpc } from "@/components/trpc";

/** A key's text, which exists outside the caller only until this dialog closes. */
export type Issued = { name: string; secret: string; models: readonly string[] };

/** Shows a new key once, with a call that can be pasted and run. */
export function IssuedKeyDialog({ name, secret, models, onClose }: Issued & { onClose: () => void }) {
  const origin = useOrigin();
  const list = trpc.models.list.useQuery();
  const named = models.find((model) => !model.endsWith("*"));
  const served = list.data?.find((model) => model.enabled && model.deployments.length > 0)?.name;
  const request = { model: named ?? served ?? "model-name", messages: [{ role: "user", content: "Hello!" }] };
  return (
    <CopyOnce title={`Key for ${name}`} secret={secret} label="Virtual key" onClose={onClose}>
      <Snippets example={{ baseUrl: `${origin}/v1`, key: secret, request }} />
    </CopyOnce>
  );
}
