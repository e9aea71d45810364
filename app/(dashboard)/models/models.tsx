"use client";

import { Boxes, Plus, Search } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import { EmptyState } from "@/components/empty-state";
import { PageHeader } from "@/components/page-header";
import { type ListQuery, ResourceTable } from "@/components/resource-table";
import { type Outputs, trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Input } from "@/components/ui/input";
import { useUrlState } from "@/components/url-state";
import { DeleteModel } from "./delete-model";
import { modelColumns } from "./model-columns";
import { ModelSheet } from "./model-sheet";
import { NewModelDialog } from "./new-model";

/** A model as the list gives it. */
export type ModelRow = Outputs["models"]["list"][number];

/** One of a model's deployments. */
export type DeploymentRow = ModelRow["deployments"][number];

const closed = { new: undefined, model: undefined, delete: undefined };

/** The list of models and the dialogs that change it. */
export function Models() {
  const [, change] = useUrlState();
  const query = trpc.models.list.useQuery();
  return (
    <>
      <PageHeader
        title="Models"
        description="The names that callers use. Each is served by one or more deployments at providers."
      >
        <Button asChild>
          <Link href="/providers?pick=1">Pick from a provider</Link>
        </Button>
        <Button variant="primary" onClick={() => change({ ...closed, new: "1" })}>
          <Plus /> Create model
        </Button>
      </PageHeader>
      <ModelList query={query} onChange={change} />
      {query.data && <OpenDialog models={query.data} />}
    </>
  );
}

type ModelListProps = {
  query: ListQuery & { data: readonly ModelRow[] | undefined };
  onChange: (patch: Record<keyof typeof closed, string | undefined>) => void;
};

function ModelList({ query, onChange }: ModelListProps) {
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const rows = query.data?.filter((model) => textOf(model).includes(wanted));
  const isEmpty = query.data?.length === 0;
  return (
    <Card>
      {(query.data?.length ?? 0) > 7 && (
        <div className="relative border-b p-3">
          <Search aria-hidden className="absolute top-5.5 left-5.5 size-3.5 text-muted-foreground" />
          <Input
            type="search"
            aria-label="Search models"
            placeholder="Search by name, provider or upstream model…"
            className="max-w-sm pl-8"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
        </div>
      )}
      <ResourceTable
        label="Models"
        columns={modelColumns(
          (model) => onChange({ ...closed, delete: model.id }),
          (model) => onChange({ ...closed, model: model.id }),
        )}
        rows={rows}
        query={query}
        onOpen={(model) => onChange({ ...closed, model: model.id })}
        empty={
          <EmptyState
            icon={Boxes}
            title={isEmpty ? "No models yet" : "No model matches"}
            {...(isEmpty && { action: <PickLink /> })}
          >
            {isEmpty && "Pick them from what your provider lists, or create one by hand and give it deployments."}
          </EmptyState>
        }
      />
    </Card>
  );
}

function PickLink() {
  return (
    <Button asChild variant="primary">
      <Link href="/providers?pick=1">Pick models</Link>
    </Button>
  );
}

function textOf(model: ModelRow): string {
  const served = model.deployments.map((deployment) => `${deployment.providerName} ${deployment.upstreamModel}`);
  return [model.name, ...served].join(" ").toLowerCase();
}

function OpenDialog({ models }: { models: readonly ModelRow[] }) {
  const [params, change] = useUrlState();
  const close = () => change(closed);
  if (params.has("new"))
    return <NewModelDialog models={models} onClose={close} onCreated={(id) => change({ ...closed, model: id })} />;
  const opened = models.find((model) => model.id === params.get("model"));
  if (opened) return <ModelSheet key={opened.id} model={opened} models={models} onClose={close} />;
  const deleted = models.find((model) => model.id === params.get("delete"));
  return deleted ? <DeleteModel model={deleted} onClose={close} /> : null;
}
