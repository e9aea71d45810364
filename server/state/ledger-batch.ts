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

/** A batch of rows, each the JSON text of a LedgerRow. They lie one behind the other, each with a line break at its end. */
export class LedgerBatch {
  /** The UTC days of its calls. */
  readonly days = new Set<string>();
  /** Whether a row's purses must be asked for before it can be written. */
  unnamed = false;
  #bytes: Buffer;
  #used = 0;
  /** Where each row ends, behind its line break. */
  #ends: number[] = [];
  #linesTaken = 0;
  #closed = false;

  /** A batch with room for a row of so many characters at least. */
  constructor(characters: number) {
    const needed = characters * BYTES_PER_CHARACTER + 2;
    if (needed <= BYTES && spare) {
      this.#bytes = spare;
      spare = undefined;
    } else this.#bytes = Buffer.allocUnsafeSlow(Math.max(BYTES, needed));
    this.#bytes[this.#used++] = OPEN;
  }

  get rows(): number {
    return this.#ends.length;
  }

  /** Whether it takes another row of so many characters. */
  hasRoom(characters: number): boolean {
    if (this.#closed || this.rows >= MOST_ROWS) return false;
    return this.#used + characters * BYTES_PER_CHARACTER + 1 <= this.#bytes.length;
  }

  add(text: string, { day, unnamed }: { readonly day: string; readonly unnamed: boolean }): void {
    this.#used += this.#bytes.write(text, this.#used);
    this.#bytes[this.#used++] = NEWLINE;
    this.#ends.push(this.#used);
    this.days.add(day);
    if (unnamed) this.unnamed = true;
  }

  /** The rows that came since it was asked last, as lines for the journal, and how many they are. The bytes are good until it is closed. */
  takeLines(): { readonly bytes: Buffer; readonly rows: number } {
    const rows = this.rows - this.#linesTaken;
    const from = this.#linesTaken === 0 ? 1 : this.#ends[this.#linesTaken - 1];
    this.#linesTaken = this.rows;
    return { bytes: this.#bytes.subarray(from, this.#used), rows };
  }

  /** From now on it takes no row: it is on its way to the database, which may be asked more than once. Its lines are taken. */
  close(): void {
    this.#closed = true;
    for (const end of this.#ends) this.#bytes[end - 1] = COMMA;
    this.#bytes[this.#used - 1] = CLOSE;
  }

  /** All rows of a closed batch as one JSON array. */
  json(): Buffer {
    return this.#bytes.subarray(0, this.#used);
  }

  /** The rows, one by one. */
  texts(): string[] {
    return this.#ends.map((end, at) => this.#bytes.toString("utf8", at === 0 ? 1 : this.#ends[at - 1], end - 1));
  }

  /** Ends it once its rows are written: its bytes may serve another batch. */
  release(): void {
    if (this.#bytes.length === BYTES) spare = this.#bytes;
    this.#bytes = Buffer.alloc(0);
    this.#ends = [];
  }
}
