import { z } from "zod";
import { badInput } from "@/server/api/errors";

/** The last row of a page: its moment, and its id among rows of the same moment. */
export type Place = { at: Date; id: string };

const Written = z.tuple([z.coerce.number<string>().int(), z.uuid()]);

/** A place as the opaque text that a caller sends back for the next page. */
function cursorText({ at, id }: Place): string {
  return Buffer.from(`${at.getTime()} ${id}`).toString("base64url");
}

/** The place that a cursor holds; undefined without one. Throws BAD_REQUEST when it was not made here. */
export function placeOf(cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined;
  const written = Written.safeParse(Buffer.from(cursor, "base64url").toString("utf8").split(" "));
  const at = new Date(written.data?.[0] ?? Number.NaN);
  if (!written.success || Number.isNaN(at.getTime())) throw badInput("This cursor is not one of ours.", "cursor");
  return { at, id: written.data[1] };
}

/** Cuts a list that was read with one row too many into a page. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  show: { item: (row: Row) => Item; place: (row: Row) => Place },
) {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { items: page.map(show.item), nextCursor: rows.length > limit && last ? cursorText(show.place(last)) : null };
}
