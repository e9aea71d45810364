import Link from "next/link";
import { Logo } from "@/components/logo";
import { Button } from "@/components/ui/button";

/** An address that leads nowhere. */
export default function NotFound() {
  return (
    <main className="flex min-h-dvh flex-col items-center justify-center gap-4 p-6 text-center">
      <Logo className="size-9" />
      <div>
        <h1 className="font-semibold text-lg">There is nothing here</h1>
        <p className="mt-1 max-w-sm text-muted-foreground text-sm">
          The page was moved, or the address has a typing error.
        </p>
      </div>
      <Button asChild>
        <Link href="/overview">Go to the overview</Link>
      </Button>
    </main>
  );
}
