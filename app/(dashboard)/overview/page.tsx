import type { Metadata } from "next";
import { Overview } from "./overview";

export const metadata: Metadata = { title: "Overview" };

/** What the gateway has done lately, and what is left to set up. */
export default function OverviewPage() {
  return <Overview />;
}
