import { GatewayError } from "@/server/errors";
import type { Caller } from "@/server/state/callers";
import { findItems, findResponse, readConversation, type StoredItem } from "@/server/state/stored-responses";
import { unpackCarried } from "@/server/wire/carried";
import { isRecord, listOf, textOf } from "@/server/wire/json";

type Body = Readonly<Record<string, unknown>>;
type Item = Record<string, unknown>;

/** A request that refers to what was said before, and who holds that. */
export type Continued = {
  /** The provider whose vendor holds all of it: there, and there alone, the request may go as it came. */
  readonly heldBy: string | undefined;
  /**
   * The request with everything it refers to in its place; `body` is it as it has become meanwhile, limits set. For a vendor's own endpoint (`native`) without what other vendors
   * encrypted, and without ids that it did not give. Throws `not_found` when a part of it is gone.
   */
  whole(body: Body, how: "native" | "translated"): Promise<Item>;
  /** At most so many tokens come into the prompt beside those of the request's own bytes. */
  readonly boundTokens: number;
};

/**
 * Finds what a request for a response refers to; undefined when it holds everything itself. Throws `not_found`, with the same
 * words for what does not exist and for what is another tenant's, and `store_unavailable`.
 */
export async function continueResponse(caller: Caller, body: Body): Promise<Continued | undefined> {
  const previousId = textOf(body.previous_response_id);
  const own = listOf(body.input).filter(isRecord);
  const named = own.flatMap((item) => (isReference(item) || isLookedUp(item) ? [String(item.id)] : []));
  // Most requests hold everything themselves.
  if (previousId === undefined && named.length === 0 && !own.some(isCarried)) return undefined;
  const [previous, referred] = await Promise.all([
    previousId === undefined ? undefined : findResponse(caller, previousId),
    findItems(caller, named),
  ]);
  if (previous === null) throw missingResponse(previousId ?? "");
  checkReferences(own, referred);
  const holders = [
    ...(previous ? [previous.native ? previous.providerId : null] : []),
    ...named.map((id) => holderOf(referred.get(id))),
    ...(own.some(isCarried) ? [null] : []),
  ];
  const [holder] = holders;
  return {
    heldBy: holder && holders.every((one) => one === holder) ? holder : undefined,
    boundTokens: (previous?.boundTokens ?? 0) + JSON.stringify([...referred.values()]).length,
    whole: async (body, how) => {
      const before = previousId === undefined ? [] : await readConversation(caller, previousId);
      if (!before) throw missingResponse(previousId ?? "");
      const input = typeof body.input === "string" ? [{ role: "user", content: body.input }] : own;
      const items = await inPlace(caller, { items: [...before, ...input], known: referred });
      const { previous_response_id: _left, ...rest } = body;
      return { ...rest, input: how === "native" ? withoutForeign(items) : items };
    },
  };
}

function isReference({ type, id, role }: Item): boolean {
  if (typeof id !== "string") return false;
  return type === "item_reference" || ((type === undefined || type === null) && role === undefined);
}

/** Reasoning that a vendor takes from its own memory, by an id that must not be another tenant's. */
function isLookedUp({ type, id, encrypted_content }: Item): boolean {
  return type === "reasoning" && typeof id === "string" && typeof encrypted_content !== "string";
}

function holderOf(stored: StoredItem | undefined): string | null {
  return stored?.native ? stored.providerId : null;
}

/** Reasoning that the gateway packed up for another vendor. */
function isCarried({ type, encrypted_content }: Item): boolean {
  return type === "reasoning" && unpackCarried(encrypted_content) !== undefined;
}

function checkReferences(items: readonly Item[], found: ReadonlyMap<string, StoredItem>): void {
  items.forEach((item, index) => {
    if (!isReference(item) || found.has(String(item.id))) return;
    throw new GatewayError("not_found", `Item with id '${String(item.id)}' not found.`, { param: `input.${index}.id` });
  });
}

/** The items with each reference replaced by what it refers to; also references that earlier turns held. */
async function inPlace(
  caller: Caller,
  { items, known }: { items: readonly Item[]; known: ReadonlyMap<string, StoredItem> },
): Promise<Item[]> {
  const missing = items.flatMap((item) => (isReference(item) && !known.has(String(item.id)) ? [String(item.id)] : []));
  const found = new Map([...known, ...(await findItems(caller, missing))]);
  return items.map((item) => {
    if (!isReference(item)) return item;
    const stored = found.get(String(item.id));
    if (!stored)
      throw new GatewayError("not_found", `Item with id '${String(item.id)}' not found.`, { param: "input" });
    return stored.item;
  });
}

function withoutForeign(items: readonly Item[]): Item[] {
  return items.filter(({ type }) => type !== "reasoning").map(({ id: _id, status: _status, ...item }) => item);
}

function missingResponse(id: string): GatewayError {
  return new GatewayError("not_found", `Previous response with id '${id}' not found.`, {
    param: "previous_response_id",
    code: "previous_response_not_found",
  });
}
