import type { ReactNode } from "react";
import { ErrorState } from "./error-state";
import { cn } from "./ui/cn";
import { Skeleton } from "./ui/skeleton";

/** One column: how its cell is made, and from which window width on it is shown. */
export type Column<Row> = {
  id: string;
  header: ReactNode;
  cell: (row: Row) => ReactNode;
  align?: "right";
  from?: "sm" | "md" | "lg" | "xl";
  className?: string;
};

/** The part of a query that a list needs to show its four states. */
export type ListQuery = { isPending: boolean; error: { message: string } | null; refetch: () => unknown };

type ResourceTableProps<Row> = {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[] | undefined;
  query: ListQuery;
  empty: ReactNode;
  onOpen?: (row: Row) => void;
};

const shownFrom = { sm: "max-sm:hidden", md: "max-md:hidden", lg: "max-lg:hidden", xl: "max-xl:hidden" } as const;

/** A list of one noun, with its loading, failed and empty states. `onOpen` makes a row react to a click. */
export function ResourceTable<Row extends { id: string }>(props: ResourceTableProps<Row>) {
  const { label, columns, rows, query, empty, onOpen } = props;
  if (query.error && !rows) return <ErrorState message={query.error.message} onRetry={() => void query.refetch()} />;
  if (rows?.length === 0) return empty;
  return (
    <div className="overflow-x-auto">
      <table aria-label={label} aria-busy={query.isPending} className="w-full border-collapse text-sm">
        <thead>
          <tr className="border-b">
            {columns.map((column) => (
              <th
                key={column.id}
                scope="col"
                className={cn(cellClasses(column), "h-9 font-medium text-muted-foreground text-xs")}
              >
                {column.header}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows
            ? rows.map((row) => <ResourceRow key={row.id} row={row} columns={columns} {...(onOpen && { onOpen })} />)
            : skeletonRows.map((id) => <SkeletonRow key={id} columns={columns} />)}
        </tbody>
      </table>
    </div>
  );
}

type ResourceRowProps<Row> = { row: Row; columns: readonly Column<Row>[]; onOpen?: (row: Row) => void };

function ResourceRow<Row>({ row, columns, onOpen }: ResourceRowProps<Row>) {
  return (
    // The row's own button or link does the same for the keyboard.
    <tr
      className={cn("group border-b transition-colors last:border-0 hover:bg-muted/50", onOpen && "cursor-pointer")}
      {...(onOpen && {
        onClick: (event) => {
          const target = event.target instanceof Element ? event.target : null;
          // Clicks in a menu or dialog opened from the row arrive here through React's tree, not through the page's.
          if (target && event.currentTarget.contains(target) && !target.closest("a, button, input, label")) onOpen(row);
        },
      })}
    >
      {columns.map((column) => (
        <td key={column.id} className={cn(cellClasses(column), "h-11 py-2")}>
          {column.cell(row)}
        </td>
      ))}
    </tr>
  );
}

const skeletonRows = ["a", "b", "c", "d", "e"];

function SkeletonRow<Row>({ columns }: { columns: readonly Column<Row>[] }) {
  return (
    <tr className="border-b last:border-0">
      {columns.map((column, index) => (
        <td key={column.id} className={cn(cellClasses(column), "h-11")}>
          <Skeleton className={cn("h-3.5", index === 0 ? "w-20 sm:w-32" : "w-12 sm:w-14", column.align && "ml-auto")} />
        </td>
      ))}
    </tr>
  );
}

function cellClasses<Row>(column: Column<Row>): string {
  return cn(
    "px-3 text-left first:pl-4 last:pr-4",
    column.align && "text-right tabular-nums",
    column.from && shownFrom[column.from],
    column.className,
  );
}
