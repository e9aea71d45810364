/**
 * Rows of the ledger that wait for the database, as the bytes that the journal and the database take. They lie outside of the
 * JavaScript heap: whatever lives there for a moment is copied by the garbage collector, which with thousands of rows a second costs
 * more than writing them.
 */

/** Rows that go to the database in one statement at most, and the bytes that are set aside for them; a larger row gets its own. */
const MOST_ROWS = 1_000;
const BYTES = 1024 * 1024;

const OPEN = 0x5b;
const CLOSE = 0x5d;
const COMMA = 0x2c;
const NEWLINE = 0x0a;
/** UTF-8 needs at most so many bytes for each of JavaScript's characters. */
const BYTES_PER_CHARACTER = 3;

/** The bytes of a batch that was written, for the next one: each megabyte anew would have to be cleared by the system first. */
let spare: Buffer | undefined;

/** A batch of rows, each the JSON text of a LedgerRow. */
export class LedgerBatch {
  /** The UTC days of its calls. */
  readonly days = new Set<string>();
  rows = 0;
  /** Whether a row's purses must be asked for before it can be written. */
  unnamed = false;
  #bytes: Buffer;
  #used = 0;
  #closed = false;

  /** A batch with room for a row of so many characters at least. */
  constructor(characters: number) {
    const needed = characters * BYTES_PER_CHARACTER + 4;
    if (needed <= BYTES && spare) {
      this.#bytes = spare;
      spare = undefined;
    } else this.#bytes = Buffer.allocUnsafeSlow(Math.max(BYTES, needed));
    this.#bytes[this.#used++] = OPEN;
  }

  /** Whether it takes another row of so many characters. */
  hasRoom(characters: number): boolean {
    return (
      !this.#closed && this.rows < MOST_ROWS && this.#used + characters * BYTES_PER_CHARACTER + 3 <= this.#bytes.length
    );
  }

  /** Takes a row; gives it as a line for the journal, which is good until the batch is written. */
  add(text: string, { day, unnamed }: { readonly day: string; readonly unnamed: boolean }): Buffer {
    if (this.rows > 0) this.#bytes[this.#used++] = COMMA;
    const start = this.#used;
    this.#used += this.#bytes.write(text, start);
    this.#bytes[this.#used++] = NEWLINE;
    this.rows++;
    this.days.add(day);
    if (unnamed) this.unnamed = true;
    return this.#bytes.subarray(start, this.#used);
  }

  /** From now on it takes no row: it is on its way to the database, which may be asked more than once. */
  close(): void {
    this.#closed = true;
  }

  /** All rows as one JSON array. */
  json(): Buffer {
    this.#bytes[this.#used] = CLOSE;
    return this.#bytes.subarray(0, this.#used + 1);
  }

  /** The rows, one by one. */
  texts(): string[] {
    // A line break in a JSON text is escaped.
    return this.#bytes
      .toString("utf8", 1, this.#used)
      .split("\n")
      .slice(0, -1)
      .map((text, at) => (at === 0 ? text : text.slice(1)));
  }

  /** Ends it once its rows are written: its bytes may serve another batch. */
  release(): void {
    if (this.#bytes.length === BYTES) spare = this.#bytes;
    this.#bytes = Buffer.alloc(0);
    this.#used = 0;
  }
}
