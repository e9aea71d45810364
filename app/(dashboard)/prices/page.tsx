import type { Metadata } from "next";
import { Prices } from "./prices";

export const metadata: Metadata = { title: "Prices" };

/** What deployments cost, in versions that are never edited. */
export default function PricesPage() {
  return <Prices />;
}
