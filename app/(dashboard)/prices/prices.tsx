"use client";

import { RefreshCw, Search, Tags, Upload } from "lucide-react";
import { useState } from "react";
import { toast } from "sonner";
import { EmptyState } from "@/components/empty-state";
import { formatOf } from "@/components/format";
import { PageHeader } from "@/components/page-header";
import { ResourceTable } from "@/components/resource-table";
import { trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Card } from "@/components/ui/card";
import { Input } from "@/components/ui/input";
import { useUrlState } from "@/components/url-state";
import { ExportMenu } from "./export-menu";
import { ImportDialog } from "./import-dialog";
import { priceColumns } from "./price-columns";
import { PriceSheet } from "./price-sheet";
import type { PriceRow } from "./rates";
import { UnpricedSetting } from "./unpriced-setting";

const closed = { import: undefined, deployment: undefined };

/** The list of prices in force and to come, and the dialogs that add to it. */
export function Prices() {
  const [params, change] = useUrlState();
  const query = trpc.prices.list.useQuery({});
  const [search, setSearch] = useState("");
  const wanted = search.trim().toLowerCase();
  const rows = query.data?.filter((price) => textOf(price).includes(wanted));
  const opened = params.get("deployment");
  return (
    <>
      <PageHeader
        title="Prices"
        description="What deployments cost. A version is never edited: calls keep the one that they were billed at."
      >
        <RefreshButton />
        <ExportMenu />
        <Button onClick={() => change({ ...closed, import: "1" })}>
          <Upload /> Import
        </Button>
      </PageHeader>
      <div className="space-y-4">
        <UnpricedSetting />
        <Card>
          <div className="relative border-b p-3">
            <Search aria-hidden className="absolute top-5.5 left-5.5 size-3.5 text-muted-foreground" />
            <Input
              type="search"
              aria-label="Search prices"
              placeholder="Search by model or provider…"
              className="max-w-sm pl-8"
              value={search}
              onChange={(event) => setSearch(event.target.value)}
            />
          </div>
          <ResourceTable
            label="Prices"
            columns={priceColumns((price) => change({ ...closed, deployment: price.deploymentId }))}
            rows={rows}
            query={query}
            onOpen={(price) => change({ ...closed, deployment: price.deploymentId })}
            empty={
              <EmptyState icon={Tags} title={query.data?.length === 0 ? "No prices yet" : "No price matches"}>
                {query.data?.length === 0 && "A deployment gets the price that the library knows, or one of your own."}
              </EmptyState>
            }
          />
        </Card>
      </div>
      {params.has("import") && <ImportDialog onClose={() => change(closed)} />}
      {opened && <PriceSheet key={opened} deploymentId={opened} onClose={() => change(closed)} />}
    </>
  );
}

function textOf({ modelName, providerName, upstreamModel }: PriceRow): string {
  return `${modelName} ${providerName} ${upstreamModel}`.toLowerCase();
}

function RefreshButton() {
  const refresh = trpc.prices.refresh.useMutation();
  const run = () =>
    refresh.mutate(undefined, {
      onSuccess: ({ added }) =>
        toast.success(
          added === 0 ? "The library's prices are in force already." : `${formatOf(added, "price")} added.`,
        ),
    });
  return (
    <Button loading={refresh.isPending} onClick={run} title="Takes what the built-in price library says now.">
      {!refresh.isPending && <RefreshCw />} Refresh
    </Button>
  );
}
