import { ArrowDown, ArrowUp, Pencil, Plus, Split, Trash2 } from "lucide-react";
import { ConfirmDialog } from "@/components/confirm-dialog";
import { EmptyState } from "@/components/empty-state";
import { ErrorState } from "@/components/error-state";
import { ManagedBadge } from "@/components/managed-badge";
import { ownError, trpc } from "@/components/trpc";
import { Badge } from "@/components/ui/badge";
import { Button } from "@/components/ui/button";
import { Card, CardHeader } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";
import { Switch } from "@/components/ui/toggle";
import { useUrlState } from "@/components/url-state";
import { RuleForm } from "./rule-form";
import { actionWords, conditionWords, type RuleRow } from "./rule-words";

const closed = { rule: undefined, newrule: undefined, deleterule: undefined };

/** The rules in the order in which they are asked, and the dialogs that change them. */
export function Rules() {
  const query = trpc.routing.rules.useQuery();
  const [, change] = useUrlState();
  const add = (
    <Button variant="primary" onClick={() => change({ ...closed, newrule: "1" })}>
      <Plus /> Add rule
    </Button>
  );
  const rules = query.data ?? [];
  return (
    <Card>
      <CardHeader title="Rules" description="Asked from the top, before a model's strategy.">
        {rules.length > 0 && add}
      </CardHeader>
      {query.isPending && <Skeleton className="m-4 h-24" />}
      {query.error && !query.data && <ErrorState message={query.error.message} onRetry={() => void query.refetch()} />}
      {query.data?.length === 0 && (
        <EmptyState icon={Split} title="No rules yet" action={add}>
          Without rules a call goes to the deployments of its model, in the order of the model's strategy.
        </EmptyState>
      )}
      <ol aria-label="Rules" className="divide-y border-t empty:hidden">
        {rules.map((rule) => (
          <RuleLine key={rule.id} rule={rule} rules={rules} />
        ))}
      </ol>
      <OpenDialog rules={rules} />
    </Card>
  );
}

function OpenDialog({ rules }: { rules: readonly RuleRow[] }) {
  const [params, change] = useUrlState();
  const remove = trpc.routing.deleteRule.useMutation({ meta: ownError });
  const close = () => change(closed);
  if (params.has("newrule")) return <RuleForm onClose={close} />;
  const opened = rules.find((rule) => rule.id === params.get("rule"));
  if (opened) return <RuleForm key={opened.id} existing={opened} onClose={close} />;
  const deleted = rules.find((rule) => rule.id === params.get("deleterule"));
  if (!deleted) return null;
  return (
    <ConfirmDialog
      title={`Delete ${deleted.name}?`}
      confirmLabel="Delete rule"
      onConfirm={() => remove.mutateAsync({ id: deleted.id })}
      onClose={close}
    >
      Calls are routed without it within a second. To try that first, switch it off.
    </ConfirmDialog>
  );
}

function RuleLine({ rule, rules }: { rule: RuleRow; rules: readonly RuleRow[] }) {
  const [, change] = useUrlState();
  const { id, name, match, conditions, actions, stop, managed } = rule;
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
      <div className="min-w-0 flex-1 basis-64">
        <p className="flex flex-wrap items-center gap-2">
          <button
            type="button"
            className="text-left font-medium text-sm hover:underline"
            onClick={() => change({ ...closed, rule: id })}
          >
            {name}
          </button>
          {stop && <Badge>stops</Badge>}
          {managed && <ManagedBadge />}
        </p>
        <p className="break-words text-muted-foreground text-xs">
          {conditions.length === 0 ? "Always" : conditions.map(conditionWords).join(match === "all" ? " and " : " or ")}
          <span className="text-foreground"> → {actions.map(actionWords).join("; ")}</span>
        </p>
      </div>
      <div className="flex items-center gap-1">
        <MoveButtons rule={rule} rules={rules} />
        <EnabledSwitch rule={rule} />
        <Button
          variant="ghost"
          size="icon-sm"
          aria-label={`${managed ? "View" : "Edit"} ${name}`}
          onClick={() => change({ ...closed, rule: id })}
        >
          <Pencil />
        </Button>
        <Button
          variant="ghost"
          size="icon-sm"
          aria-label={`Delete ${name}`}
          disabled={managed}
          onClick={() => change({ ...closed, deleterule: id })}
        >
          <Trash2 />
        </Button>
      </div>
    </li>
  );
}

/** Only the dashboard's own rules have an order of their own here; the file's keep theirs. */
function MoveButtons({ rule, rules }: { rule: RuleRow; rules: readonly RuleRow[] }) {
  const order = trpc.routing.orderRules.useMutation();
  const own = rules.filter((other) => !other.managed);
  const at = own.indexOf(rule);
  const move = (by: -1 | 1) => {
    const ids = own.map((other) => other.id);
    const [moved] = ids.splice(at, 1);
    if (moved) order.mutate({ ids: [...ids.slice(0, at + by), moved, ...ids.slice(at + by)] });
  };
  return (
    <>
      <Button
        variant="ghost"
        size="icon-sm"
        aria-label={`Move ${rule.name} up`}
        disabled={rule.managed || at <= 0 || order.isPending}
        onClick={() => move(-1)}
      >
        <ArrowUp />
      </Button>
      <Button
        variant="ghost"
        size="icon-sm"
        aria-label={`Move ${rule.name} down`}
        disabled={rule.managed || at === own.length - 1 || order.isPending}
        onClick={() => move(1)}
      >
        <ArrowDown />
      </Button>
    </>
  );
}

function EnabledSwitch({ rule: { id, name, enabled, managed } }: { rule: RuleRow }) {
  const update = trpc.routing.updateRule.useMutation();
  return (
    <Switch
      aria-label={`Enable ${name}`}
      className="mx-1.5"
      disabled={managed}
      checked={update.isPending ? update.variables.enabled === true : enabled}
      onCheckedChange={(on) => update.mutate({ id, enabled: on })}
    />
  );
}
