import type { Metadata } from "next";
import { Providers } from "./providers";

export const metadata: Metadata = { title: "Providers" };

/** The vendor accounts that calls are sent to. */
export default function ProvidersPage() {
  return <Providers />;
}
