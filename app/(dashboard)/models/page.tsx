import type { Metadata } from "next";
import { Models } from "./models";

export const metadata: Metadata = { title: "Models" };

/** The names that callers use, and what serves them. */
export default function ModelsPage() {
  return <Models />;
}
