import { KeyRound, Plus } from "lucide-react";
import { useState } from "react";
import { EmptyState } from "@/components/empty-state";
import { ResourceTable } from "@/components/resource-table";
import { type Outputs, trpc } from "@/components/trpc";
import { Button } from "@/components/ui/button";
import { Card, CardHeader } from "@/components/ui/card";
import { useUrlState } from "@/components/url-state";
import { BudgetsSheet } from "./budgets-sheet";
import { type Issued, IssuedKeyDialog } from "./issued-key";
import { keyColumns } from "./key-columns";
import { ConfirmDelete, ConfirmRotate } from "./key-confirmations";
import { KeyForm } from "./key-form";

/** A virtual key as the list gives it. */
export type KeyRow = Outputs["keys"]["list"][number];

/** The dialogs of one key; the address names the open one. */
export type KeyDialog = "edit" | "budgets" | "rotate" | "delete";

const closed = { new: undefined, edit: undefined, budgets: undefined, rotate: undefined, delete: undefined };

/** The list of virtual keys and the dialogs that change it. */
export function KeyList() {
  const [, change] = useUrlState();
  const query = trpc.keys.list.useQuery();
  const budgets = trpc.budgets.list.useQuery({}, { refetchInterval: 30_000 });
  const open = (dialog: KeyDialog, key: KeyRow) => change({ ...closed, [dialog]: key.id });
  const create = (
    <Button variant="primary" onClick={() => change({ ...closed, new: "1" })}>
      <Plus /> Create key
    </Button>
  );
  return (
    <Card>
      <CardHeader title="Virtual keys">{create}</CardHeader>
      <ResourceTable
        label="Keys"
        columns={keyColumns(open, budgets.data)}
        rows={query.data}
        query={query}
        onOpen={(key) => open("edit", key)}
        empty={
          <EmptyState icon={KeyRound} title="No keys yet" action={create}>
            Give each application its own, with the models, budget and limits it should have.
          </EmptyState>
        }
      />
      <OpenDialog keys={query.data ?? []} />
    </Card>
  );
}

function OpenDialog({ keys }: { keys: readonly KeyRow[] }) {
  const [params, change] = useUrlState();
  const [issued, setIssued] = useState<Issued>();
  const close = () => change(closed);
  if (issued) return <IssuedKeyDialog {...issued} onClose={() => setIssued(undefined)} />;
  const show = (next: Issued) => {
    close();
    setIssued(next);
  };
  const showBudgets = (key: KeyRow) => change({ ...closed, budgets: key.id });
  if (params.has("new")) return <KeyForm onClose={close} onIssued={show} onBudgets={showBudgets} />;
  const named = (dialog: KeyDialog) => keys.find((key) => key.id === params.get(dialog));
  const edited = named("edit");
  if (edited)
    return <KeyForm key={edited.id} existing={edited} onClose={close} onIssued={show} onBudgets={showBudgets} />;
  const budgeted = named("budgets");
  if (budgeted) return <BudgetsSheet owner={{ kind: "key", ...budgeted }} onClose={close} />;
  const rotated = named("rotate");
  if (rotated) return <ConfirmRotate virtualKey={rotated} onClose={close} onIssued={show} />;
  const deleted = named("delete");
  return deleted ? <ConfirmDelete virtualKey={deleted} onClose={close} /> : null;
}
