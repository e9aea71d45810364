import type { ConfigProvider } from "@/server/config/parse";

/** Declared limits of an upstream as columns: null where there is none. */
export function limitColumns({ rpm, tpm, concurrent }: ConfigProvider["limits"]): {
  rpm: number | null;
  tpm: number | null;
  concurrent: number | null;
} {
  return { rpm: rpm ?? null, tpm: tpm ?? null, concurrent: concurrent ?? null };
}
