import { isDeepStrictEqual } from "node:util";
import type { Prisma } from "@/server/db/generated/client";

/** The database inside the transaction that a configuration is applied in. */
export type Transaction = Prisma.TransactionClient;

export type Noun =
  | "provider"
  | "provider-key"
  | "model"
  | "deployment"
  | "group"
  | "virtual-key"
  | "budget"
  | "routing-rule";

export type Named = { readonly noun: Noun; readonly id: string; readonly name: string };

/** What applying a configuration did, each object as "provider openai". */
export type Applied = {
  readonly created: string[];
  readonly updated: string[];
  readonly removed: string[];
  /** No longer declared, but something that the file does not own depends on them: disabled and left to the dashboard. */
  readonly released: string[];
  unchanged: number;
};

/** Columns that a change is told of, but not from what to what. */
const hidden = new Set(["sealed", "hint", "hash", "prefix", "last4"]);

type Detail = { [field: string]: Prisma.InputJsonValue };

/** Collects what is done, for the log and the audit, and which stored objects the file declares. */
export class Changes {
  readonly applied: Applied = { created: [], updated: [], removed: [], released: [], unchanged: 0 };
  readonly audit: Prisma.AuditEntryCreateManyInput[] = [];
  readonly #declared = new Map<Noun, Set<string>>();

  /** Creates an object, or updates it where a wanted field differs from the stored one; returns its id. */
  async reconcile<Wanted extends object>(
    { noun, name }: { noun: Noun; name: string },
    current: ({ readonly id: string } & { readonly [Field in keyof Wanted]: unknown }) | undefined,
    wanted: Wanted,
    write: { create: () => Promise<{ id: string }>; update: (id: string) => Promise<unknown> },
  ): Promise<string> {
    if (!current) {
      const { id } = await write.create();
      this.note("created", { noun, id, name }, describe({}, wanted));
      return id;
    }
    const object = { noun, id: current.id, name };
    const detail = describe(current, wanted);
    if (Object.keys(detail).length === 0) this.unchanged(object);
    else {
      await write.update(current.id);
      this.note("updated", object, detail);
    }
    return current.id;
  }

  unchanged({ noun, id }: Named): void {
    this.#declare(noun, id);
    this.applied.unchanged++;
  }

  note(outcome: "created" | "updated" | "removed" | "released", { noun, id, name }: Named, detail: Detail = {}): void {
    if (outcome === "created" || outcome === "updated") this.#declare(noun, id);
    this.applied[outcome].push(`${noun} ${name}`);
    const action = { created: "create", updated: "update", removed: "delete", released: "update" }[outcome];
    this.audit.push({ actor: "file", action, noun, objectId: id, name, detail });
  }

  /** Whether the file declares this stored object. */
  declares(noun: Noun, id: string): boolean {
    return this.#declared.get(noun)?.has(id) ?? false;
  }

  #declare(noun: Noun, id: string): void {
    const ids = this.#declared.get(noun) ?? new Set();
    this.#declared.set(noun, ids.add(id));
  }
}

/** The fields in which `wanted` differs from `current`, with both values. */
function describe(current: { readonly [field: string]: unknown }, wanted: object): Detail {
  const changed = Object.entries(wanted).filter(([field, value]) => !isDeepStrictEqual(value, current[field]));
  const shown = changed.filter(([field]) => !hidden.has(field));
  const detail = Object.fromEntries(
    shown.map(([field, value]) => [field, { from: plain(current[field]), to: plain(value) }]),
  );
  return shown.length < changed.length ? { ...detail, secret: "replaced" } : detail;
}

/** As JSON holds it: money as decimal digits, moments as ISO text. */
function plain(value: unknown): Prisma.InputJsonValue | null {
  return JSON.parse(
    JSON.stringify(value ?? null, (_, entry: unknown) => (typeof entry === "bigint" ? entry.toString() : entry)),
  );
}
