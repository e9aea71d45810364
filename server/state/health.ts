import { singleton } from "@/server/singleton";

type Health = {
  /** True once state was loaded for the first time. */
  started: boolean;
  database: boolean;
  redis: "up" | "down" | "not configured";
  draining: boolean;
  /** Whether finished calls reach the database. */
  ledger: boolean;
  /** Whether finished calls can be journalled. */
  journal: boolean;
};

/** What this process knows of itself and of what it depends on; its owners write to it. */
export function health(): Health {
  return singleton(
    "health",
    (): Health => ({
      started: false,
      database: false,
      redis: "not configured",
      draining: false,
      ledger: true,
      journal: true,
    }),
  );
}
