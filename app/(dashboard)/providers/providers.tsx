"use client";

import { Plug, Plus } from "lucide-react";
import { EmptyState } from "@/components/empty-state";
import { PageHeader } from "@/components/page-header";
import { ResourceTable } from "@/components/resource-table";
import { type Outputs, trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { useUrlState } from "@/components/url-state";
import { DeleteProvider } from "./delete-provider";
import { EditProvider } from "./edit-provider";
import { NewProviderDialog } from "./new-provider";
import { PickModels } from "./pick-models";
import { providerColumns } from "./provider-columns";
import { ProviderKeys } from "./provider-keys";
import { TestDialog } from "./test-connection";

/** A provider as the list gives it. */
export type ProviderRow = Outputs["providers"]["list"][number];

/** The dialogs of this page; the address names the open one, so that other pages can link to it. */
export type ProviderDialog = "edit" | "pick" | "keys" | "test" | "delete";

const closed = {
  new: undefined,
  edit: undefined,
  pick: undefined,
  keys: undefined,
  test: undefined,
  delete: undefined,
};

/** The list of providers and the dialogs that change it. */
export function Providers() {
  const [, change] = useUrlState();
  const query = trpc.providers.list.useQuery();
  const open = (dialog: ProviderDialog, provider: ProviderRow) => change({ ...closed, [dialog]: provider.id });
  const add = (
    <Button variant="primary" onClick={() => change({ ...closed, new: "1" })}>
      <Plus /> Add provider
    </Button>
  );
  return (
    <>
      <PageHeader
        title="Providers"
        description="Vendor accounts and servers that calls are sent to. Their keys stay on this server."
      >
        {add}
      </PageHeader>
      <Card>
        <ResourceTable
          label="Providers"
          columns={providerColumns(open)}
          rows={query.data}
          query={query}
          empty={
            <EmptyState icon={Plug} title="No providers yet" action={add}>
              Add a vendor account, or any server that speaks OpenAI's API, and then pick the models it should serve.
            </EmptyState>
          }
        />
      </Card>
      {query.data && <OpenDialog providers={query.data} />}
    </>
  );
}

function OpenDialog({ providers }: { providers: readonly ProviderRow[] }) {
  const [params, change] = useUrlState();
  const close = () => change(closed);
  // The checklist does not know a provider: it means the newest that is not the demo.
  const newest = params.get("pick") === "1" ? newestOf(providers) : undefined;
  if (params.has("new") || (params.get("pick") === "1" && !newest))
    return <NewProviderDialog onClose={close} onCreated={(id) => change({ ...closed, pick: id })} />;
  const named = (dialog: ProviderDialog) => providers.find((provider) => provider.id === params.get(dialog));
  const edited = named("edit");
  if (edited) return <EditProvider provider={edited} onClose={close} />;
  const picked = named("pick") ?? newest;
  if (picked) return <PickModels provider={picked} onClose={close} />;
  const keyed = named("keys");
  if (keyed) return <ProviderKeys provider={keyed} onClose={close} />;
  const tested = named("test");
  if (tested) return <TestDialog provider={tested} onClose={close} />;
  const deleted = named("delete");
  return deleted ? <DeleteProvider provider={deleted} onClose={close} /> : null;
}

function newestOf(providers: readonly ProviderRow[]): ProviderRow | undefined {
  const real = providers.filter((provider) => !provider.demo);
  return real.toSorted((a, b) => b.createdAt.getTime() - a.createdAt.getTime())[0];
}
