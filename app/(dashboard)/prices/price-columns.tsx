import { formatDate, formatRate } from "@/components/format";
import type { Column } from "@/components/resource-table";
import { Badge } from "@/components/ui/badge";
import { lineWords, type PriceRow, plainRate, type RateName } from "./rates";

/** The columns of the list of prices; `open` shows one deployment's history. */
export function priceColumns(open: (price: PriceRow) => void): Column<PriceRow>[] {
  return [
    {
      id: "model",
      header: "Model",
      cell: (price) => (
        <>
          <button
            type="button"
            className="text-left font-medium [overflow-wrap:anywhere] hover:underline"
            onClick={() => open(price)}
          >
            {price.modelName}
          </button>
          <span className="block text-muted-foreground text-xs [overflow-wrap:anywhere]">
            {price.providerName}
            {price.upstreamModel !== price.modelName && ` · ${price.upstreamModel}`}
          </span>
        </>
      ),
    },
    { id: "input", header: "Input / M", align: "right", cell: (price) => <Rate price={price} name="input" /> },
    { id: "output", header: "Output / M", align: "right", cell: (price) => <Rate price={price} name="output" /> },
    {
      id: "more",
      header: "Also",
      from: "lg",
      cell: (price) => (
        <span className="block max-w-64 truncate text-muted-foreground text-xs" title={moreOf(price).join("\n")}>
          {moreOf(price).join(", ")}
        </span>
      ),
    },
    { id: "source", header: "Source", from: "sm", cell: (price) => <Source price={price} /> },
    { id: "from", header: "Since", from: "md", cell: (price) => <Since price={price} /> },
  ];
}

function Rate({ price, name }: { price: PriceRow; name: RateName }) {
  const rate = plainRate(price, name);
  return rate === undefined ? <span className="text-muted-foreground">–</span> : formatRate(rate);
}

function moreOf(price: PriceRow): string[] {
  return price.rates
    .filter((line) => !((line.rate === "input" || line.rate === "output") && Object.keys(line).length === 2))
    .map((line) => {
      const { what, amount } = lineWords(line);
      return `${what} ${amount}`;
    });
}

/** Whether a price was set here or is the library's. */
export function Source({ price }: { price: PriceRow }) {
  return price.source === "own" ? <Badge tone="accent">own</Badge> : <Badge>library</Badge>;
}

/** When a price begins; one that lies ahead is marked. */
function Since({ price }: { price: PriceRow }) {
  const ahead = price.effectiveFrom.getTime() > Date.now();
  return (
    <span className="whitespace-nowrap">
      {ahead ? <Badge tone="warning">from {formatDate(price.effectiveFrom)}</Badge> : formatDate(price.effectiveFrom)}
    </span>
  );
}
