import { useInfiniteQuery } from "@tanstack/react-query";
import { Bell, CheckCheck, CircleAlert, Info, TriangleAlert } from "lucide-react";
import { useState } from "react";
import { EmptyState } from "./empty-state";
import { ErrorState } from "./error-state";
import { Time } from "./time";
import { type Outputs, trpc } from "./trpc";
import { Button } from "./ui/button";
import { cn } from "./ui/cn";
import { Dialog, DialogBody, SheetContent } from "./ui/dialog";
import { Skeleton } from "./ui/skeleton";

type Notification = Outputs["notifications"]["list"]["items"][number];

/** The bell above every page, with the number of what is unread; it opens the list. */
export function NotificationBell() {
  const [open, setOpen] = useState(false);
  const query = trpc.notifications.list.useQuery({ only: "unread", limit: 1 }, { refetchInterval: 15_000 });
  const unread = query.data?.unread ?? 0;
  return (
    <>
      <Button
        variant="ghost"
        size="icon"
        className="relative"
        aria-label={unread === 0 ? "Notifications" : `Notifications, ${unread} unread`}
        onClick={() => setOpen(true)}
      >
        <Bell />
        {unread > 0 && (
          <span
            aria-hidden
            className="absolute top-0.5 right-0.5 flex h-4 min-w-4 items-center justify-center rounded-full bg-danger px-1 font-medium text-2xs text-background tabular-nums"
          >
            {unread > 99 ? "99+" : unread}
          </span>
        )}
      </Button>
      <Dialog open={open} onOpenChange={setOpen}>
        {open && <NotificationSheet unread={unread} />}
      </Dialog>
    </>
  );
}

function NotificationSheet({ unread }: { unread: number }) {
  const read = trpc.notifications.read.useMutation();
  const { client } = trpc.useUtils();
  const query = useInfiniteQuery({
    queryKey: ["notifications"],
    queryFn: ({ pageParam: cursor, signal }) =>
      client.notifications.list.query({ limit: 30, ...(cursor && { cursor }) }, { signal }),
    initialPageParam: "",
    getNextPageParam: (page) => page.nextCursor,
  });
  const items = query.data?.pages.flatMap((page) => page.items);
  return (
    <SheetContent
      title="Notifications"
      description="Budgets that run out, models without a price, providers in trouble."
    >
      <DialogBody className="space-y-3">
        {unread > 0 && (
          <Button size="sm" loading={read.isPending} onClick={() => read.mutate({})}>
            <CheckCheck /> Mark all as read
          </Button>
        )}
        {query.isPending && <Skeleton className="h-40" />}
        {query.error && !items && <ErrorState message={query.error.message} onRetry={() => void query.refetch()} />}
        {items?.length === 0 && (
          <EmptyState icon={Bell} title="Nothing to tell">
            What needs your attention shows up here.
          </EmptyState>
        )}
        {items && items.length > 0 && (
          <ul aria-label="Notifications" className="divide-y rounded-lg border bg-surface">
            {items.map((item) => (
              <NotificationLine key={item.id} item={item} onRead={() => read.mutate({ ids: [item.id] })} />
            ))}
          </ul>
        )}
        {query.hasNextPage && (
          <Button size="sm" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
            Load more
          </Button>
        )}
      </DialogBody>
    </SheetContent>
  );
}

const looks = {
  info: { icon: Info, tone: "text-muted-foreground" },
  warning: { icon: TriangleAlert, tone: "text-warning" },
  error: { icon: CircleAlert, tone: "text-danger" },
} as const;

function NotificationLine({ item, onRead }: { item: Notification; onRead: () => void }) {
  const { severity, title, at, readAt } = item;
  const look = severity === "error" || severity === "warning" ? looks[severity] : looks.info;
  return (
    <li className={cn("flex items-start gap-2.5 px-3 py-2.5 text-sm", readAt && "opacity-65")}>
      <look.icon aria-label={severity} className={cn("mt-0.5 size-4 shrink-0", look.tone)} />
      <div className="min-w-0 flex-1">
        <p className={cn("break-words", !readAt && "font-medium")}>{title}</p>
        <p className="text-muted-foreground text-xs">
          <Time at={at} />
        </p>
      </div>
      {!readAt && (
        <Button variant="ghost" size="sm" aria-label={`Mark as read: ${title}`} onClick={onRead}>
          Read
        </Button>
      )}
    </li>
  );
}
