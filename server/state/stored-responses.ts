import { query } from "@/server/db/sql";
import { GatewayError } from "@/server/errors";
import { log } from "@/server/log";
import { singleton } from "@/server/singleton";
import type { Caller } from "@/server/state/callers";

type Item = Record<string, unknown>;

/** Who made a response, and who keeps it. */
export type StoredResponse = {
  readonly id: string;
  readonly model: string;
  readonly providerId: string | null;
  readonly deploymentId: string | null;
  /** True when the vendor keeps it as well, under the same id. */
  readonly native: boolean;
  readonly previousId: string | null;
  /** At most so many tokens are in it; of one that was stored, with all that it continues. */
  readonly boundTokens: number;
};

/** Input items are those of this turn alone; `body` is the response without its output. */
export type ResponseContent = { readonly input: Item[]; readonly output: Item[]; readonly body: Item };

export type NewResponse = StoredResponse &
  ResponseContent & { readonly keyId: string; readonly groupId: string | null };

export type StoredItem = { readonly item: Item; readonly native: boolean; readonly providerId: string | null };

type Owner = Pick<Caller, "keyId" | "groupId">;

const KEPT_DAYS = 30;
const BATCH = 100;
const SWEEP_MS = 600_000;
const SWEEP_ROWS = 1_000;
/** Responses that continue each other, at most; a longer conversation is cut off by every model anyway. */
const MAX_TURNS = 1_000;
const COLUMNS = "id, model, provider_id, deployment_id, native, previous_id, bound_tokens";
/** Whoever may not see a row finds none. */
const OWN = "(key_id = $2 OR group_id = $3) AND expires_at > now()";

type Waiting = { readonly response: NewResponse; resolve(): void; reject(error: unknown): void };

const held = singleton("stored-responses", () => ({
  waiting: [] as Waiting[],
  writing: false,
  sweptMs: 0,
}));

/**
 * Keeps a response for 30 days; resolves when the database has it, rejects when it does not take it. Those that come while others
 * are written go together. An id that is there already stays whose it is.
 */
export function storeResponse(response: NewResponse): Promise<void> {
  return new Promise((resolve, reject) => {
    held.waiting.push({ response, resolve, reject });
    if (!held.writing) void writeWaiting();
  });
}

async function writeWaiting(): Promise<void> {
  held.writing = true;
  while (held.waiting.length > 0) {
    const batch = held.waiting.splice(0, BATCH);
    try {
      await write(batch.map(({ response }) => response));
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
  held.writing = false;
}

async function write(batch: readonly NewResponse[]): Promise<void> {
  const list = (pick: (one: NewResponse) => unknown) => batch.map(pick);
  await query(WRITE, [
    list((one) => one.id),
    list((one) => one.keyId),
    list((one) => one.groupId),
    list((one) => one.providerId),
    list((one) => one.deploymentId),
    list((one) => one.native),
    list((one) => one.model.replaceAll("\0", "").toWellFormed()),
    list((one) => one.previousId),
    list((one) => JSON.stringify(one.input)),
    list((one) => JSON.stringify(one.output)),
    list((one) => JSON.stringify(one.body)),
    // Lists of unequal length do not fit into one array.
    list((one) => JSON.stringify(idsOf(one))),
    list((one) => one.boundTokens),
  ]);
  const now = performance.now();
  if (held.sweptMs !== 0 && now - held.sweptMs < SWEEP_MS) return;
  held.sweptMs = now;
  dropExpiredResponses().catch((error: unknown) => log.warn({ err: error }, "Expired responses could not be deleted."));
}

const WRITE = `
INSERT INTO stored_response (${COLUMNS}, key_id, group_id, input, output, body, item_ids, created_at, expires_at)
SELECT id, model, provider_id, deployment_id, native, previous_id,
       bound_tokens + coalesce((SELECT before.bound_tokens FROM stored_response before WHERE before.id = given.previous_id), 0), key_id, group_id, input, output, body,
       ARRAY(SELECT json_array_elements_text(item_ids)), now(), now() + interval '${KEPT_DAYS} days'
  FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::boolean[], $7::text[], $8::text[],
              $9::json[], $10::json[], $11::json[], $12::json[], $13::bigint[])
    AS given(id, key_id, group_id, provider_id, deployment_id, native, model, previous_id, input, output, body, item_ids,
             bound_tokens)
ON CONFLICT (id) DO NOTHING`;

function idsOf({ input, output }: ResponseContent): string[] {
  return [...input, ...output].flatMap(({ id }) => (typeof id === "string" && isSearchable(id) ? [id] : []));
}

/** PostgreSQL's texts hold no NUL, and no id does. */
function isSearchable(id: string): boolean {
  return id.length <= 200 && !id.includes("\0") && id.isWellFormed();
}

/** A response's owner and keeper; null when there is none that this caller may see. Throws `store_unavailable`. */
export async function findResponse(owner: Owner, id: string): Promise<StoredResponse | null> {
  if (!isSearchable(id)) return null;
  const [row] = await read<Row>(`SELECT ${COLUMNS} FROM stored_response WHERE id = $1 AND ${OWN}`, owner, id);
  return row ? toStored(row) : null;
}

/** What is in a response; null as `findResponse`. */
export async function readResponse(owner: Owner, id: string): Promise<ResponseContent | null> {
  if (!isSearchable(id)) return null;
  const columns = "input, output, body";
  const [row] = await read<ResponseContent>(
    `SELECT ${columns} FROM stored_response WHERE id = $1 AND ${OWN}`,
    owner,
    id,
  );
  return row ?? null;
}

/** All items of a response and of those that it continues, oldest first; null when one of them cannot be seen any more. */
export async function readConversation(owner: Owner, id: string): Promise<Item[] | null> {
  if (!isSearchable(id)) return null;
  const rows = await read<{ previous_id: string | null; input: Item[]; output: Item[] }>(CONVERSATION, owner, id);
  const [first] = rows;
  if (!first || first.previous_id !== null) return null;
  return rows.flatMap(({ input, output }) => [...input, ...output]);
}

const CONVERSATION = `
WITH RECURSIVE turn AS (
  SELECT previous_id, input, output, 1 AS age FROM stored_response WHERE id = $1 AND ${OWN}
  UNION ALL
  SELECT before.previous_id, before.input, before.output, turn.age + 1
    FROM turn JOIN stored_response before ON before.id = turn.previous_id
   WHERE (before.key_id = $2 OR before.group_id = $3) AND before.expires_at > now() AND turn.age < ${MAX_TURNS}
)
SELECT previous_id, input, output FROM turn ORDER BY age DESC`;

/** Items that earlier responses took or gave, by their ids; those that this caller may not see are left out. */
export async function findItems(owner: Owner, ids: readonly string[]): Promise<Map<string, StoredItem>> {
  const wanted = new Set(ids.filter(isSearchable));
  const found = new Map<string, StoredItem>();
  if (wanted.size === 0) return found;
  const rows = await read<Row & { input: Item[]; output: Item[] }>(
    `SELECT ${COLUMNS}, input, output FROM stored_response WHERE item_ids && $1::text[] AND ${OWN} ORDER BY created_at`,
    owner,
    [...wanted],
  );
  for (const row of rows) {
    for (const item of [...row.input, ...row.output]) {
      if (typeof item.id !== "string" || !wanted.has(item.id) || item.type === "item_reference") continue;
      found.set(item.id, { item, native: row.native, providerId: row.provider_id });
    }
  }
  return found;
}

/** Forgets a response; false when there is none that this caller may see. */
export async function deleteResponse(owner: Owner, id: string): Promise<boolean> {
  if (!isSearchable(id)) return false;
  const rows = await read(`DELETE FROM stored_response WHERE id = $1 AND ${OWN} RETURNING id`, owner, id);
  return rows.length > 0;
}

/** Deletes what has expired, in pieces that lock little. */
export async function dropExpiredResponses(): Promise<void> {
  let rows: unknown[];
  do {
    rows = await query(
      `DELETE FROM stored_response WHERE id IN
         (SELECT id FROM stored_response WHERE expires_at <= now() LIMIT ${SWEEP_ROWS} FOR UPDATE SKIP LOCKED) RETURNING 1`,
    );
  } while (rows.length === SWEEP_ROWS);
}

type Row = {
  id: string;
  model: string;
  provider_id: string | null;
  deployment_id: string | null;
  native: boolean;
  previous_id: string | null;
  bound_tokens: string;
};

function toStored(row: Row): StoredResponse {
  return {
    id: row.id,
    model: row.model,
    providerId: row.provider_id,
    deploymentId: row.deployment_id,
    native: row.native,
    previousId: row.previous_id,
    boundTokens: Number(row.bound_tokens),
  };
}

async function read<Found extends object>(text: string, owner: Owner, wanted: unknown): Promise<Found[]> {
  try {
    return await query<Found & Record<string, unknown>>(text, [wanted, owner.keyId, owner.groupId]);
  } catch (cause) {
    throw new GatewayError("store_unavailable", "Stored responses cannot be read right now. Try again shortly.", {
      cause,
    });
  }
}
