"use client";

import { ErrorState } from "@/components/error-state";

/** Shown when a page itself fails; errors of requests are shown where their data belongs. */
export default function PageError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <main className="flex min-h-[60dvh] items-center justify-center p-6">
      <ErrorState
        title="This page stopped working"
        message={error.digest ? `${error.message} (reference ${error.digest})` : error.message}
        onRetry={reset}
      />
    </main>
  );
}
