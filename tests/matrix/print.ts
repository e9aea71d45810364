import { callers } from "@/tests/matrix/callers";
import { type Cell, faultsOf } from "@/tests/matrix/cells";
import type { Row } from "@/tests/matrix/rows";
import { features } from "@/tests/matrix/said";

const MARK = { green: "✓", partly: "≈", none: "–", red: "✗" } as const;

/** The matrix as a table a caller's dialect, with every reason and fault below. */
export function printed(rows: readonly Row[], cells: ReadonlyMap<string, Cell>): string {
  const width = Math.max(...rows.map(({ name }) => name.length));
  const notes = new Map<string, Set<string>>();
  const faults: string[] = [];
  const tables = callers.map((caller) => {
    const head = `${caller.id.padEnd(width)}  ${features.join("  ")}`;
    const lines = rows.map((row) => {
      const marks = features.map((feature) => {
        const cell = cells.get(`${caller.id} ${row.name} ${feature}`);
        if (cell?.kind === "none" || cell?.kind === "partly") {
          const key = `${MARK[cell.kind]} ${cell.reason}`;
          const where = caller.lacks[feature] ? caller.id : row.name;
          notes.set(key, (notes.get(key) ?? new Set()).add(`${where}: ${feature}`));
        }
        if (cell?.kind === "red") faults.push(`${caller.id} × ${row.name}: ${feature}: ${faultsOf(cell)}`);
        return (cell ? MARK[cell.kind] : "?").padEnd(feature.length);
      });
      return `${row.name.padEnd(width)}  ${marks.join("  ")}`;
    });
    return [head, ...lines].join("\n");
  });
  const reasons = [...notes].map(([reason, where]) => `${reason}\n    ${[...where].join("; ")}`);
  return [
    ...tables,
    `✓ green, ≈ green, and what the vendor cannot take is named to the caller, – the vendor or the dialect has no such thing, ✗ broken\n${reasons.join("\n")}`,
    ...(faults.length > 0 ? [faults.map((fault) => `✗ ${fault}`).join("\n")] : []),
  ].join("\n\n");
}
