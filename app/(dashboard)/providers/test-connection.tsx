import { Activity, CircleCheck, CircleX } from "lucide-react";
import { useEffect } from "react";
import { formatDuration, formatOf } from "@/components/format";
import { type Inputs, type Outputs, readsOnly, trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Dialog, DialogBody, DialogContent, DialogFooter } from "@/components/ui/dialog";
import { Skeleton } from "@/components/ui/skeleton";
import type { ProviderRow } from "./providers";

type Target = Inputs["providers"]["test"];
type Result = Outputs["providers"]["test"];

/** Tests a stored provider or a draft where it stands, and says what came of it. */
export function TestButton({ target, label = "Test connection" }: { target: Target; label?: string }) {
  const test = trpc.providers.test.useMutation({ meta: readsOnly });
  return (
    <div className="space-y-2">
      <Button size="sm" loading={test.isPending} onClick={() => test.mutate(target)}>
        {!test.isPending && <Activity />} {label}
      </Button>
      <Outcome result={test.data} error={test.error} />
    </div>
  );
}

/** Tests a stored provider as soon as it opens. */
export function TestDialog({ provider, onClose }: { provider: ProviderRow; onClose: () => void }) {
  const test = trpc.providers.test.useMutation({ meta: readsOnly });
  const { mutate } = test;
  useEffect(() => mutate({ id: provider.id }), [mutate, provider.id]);
  return (
    <Dialog open onOpenChange={(open) => !open && onClose()}>
      <DialogContent title={`Test ${provider.name}`} className="max-w-md">
        <DialogBody>
          {test.isPending ? <Skeleton className="h-14" /> : <Outcome result={test.data} error={test.error} />}
        </DialogBody>
        <DialogFooter>
          <Button loading={test.isPending} onClick={() => mutate({ id: provider.id })}>
            Test again
          </Button>
          <Button variant="primary" onClick={onClose}>
            Done
          </Button>
        </DialogFooter>
      </DialogContent>
    </Dialog>
  );
}

/** Brings what has just appeared at the end of a long form into view. */
function intoView(element: HTMLElement | null): void {
  element?.scrollIntoView({ block: "nearest" });
}

function Outcome({ result, error }: { result: Result | undefined; error: { message: string } | null }) {
  if (error) return <Bad title="The test could not be made" message={error.message} />;
  if (!result) return null;
  if (!result.ok) {
    const title = refusals[result.kind] ?? "The provider answered with an error";
    return (
      <Bad title={result.status === undefined ? title : `${title} (HTTP ${result.status})`} message={result.message} />
    );
  }
  const models = result.models === null ? "" : ` · ${formatOf(result.models, "model")} found`;
  return (
    <p
      ref={intoView}
      role="status"
      className="flex items-center gap-2 rounded-md border border-success/25 bg-success/8 px-3 py-2 text-sm"
    >
      <CircleCheck aria-hidden className="size-4 shrink-0 text-success" />
      <span className="tabular-nums">{`Connected in ${formatDuration(result.latencyMs)}${models}`}</span>
    </p>
  );
}

const refusals: Record<string, string> = {
  upstream_denied: "The provider refused the key",
  upstream_unavailable: "The provider could not be reached",
  upstream_timeout: "The provider did not answer in time",
  upstream_rate_limited: "The provider is limiting requests",
  upstream_garbled: "What answers there is not such a provider",
  invalid_request: "The settings are not complete",
};

function Bad({ title, message }: { title: string; message: string }) {
  return (
    <div
      ref={intoView}
      role="alert"
      className="flex gap-2 rounded-md border border-danger/25 bg-danger/8 px-3 py-2 text-sm"
    >
      <CircleX aria-hidden className="mt-0.5 size-4 shrink-0 text-danger" />
      <div className="min-w-0">
        <p className="font-medium">{title}</p>
        <p className="break-words text-muted-foreground">{message}</p>
      </div>
    </div>
  );
}
