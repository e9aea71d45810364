import type { Metadata } from "next";
import Link from "next/link";
import type { ReactNode } from "react";
import { Toaster } from "sonner";
import { GET as adminDocument } from "@/app/api/admin/openapi.json/route";
import { Logo } from "@/components/logo";
import { Button } from "@/components/ui/button";
import { operationsOf } from "./admin-operations";
import { answerHeaders, gatewayOperations, requestHeaders } from "./gateway-operations";
import { Reference } from "./reference";
import { Fields } from "./shape-view";

export const metadata: Metadata = { title: "API reference" };

/** The reference of both APIs: what callers use, and what administers it. It names routes only, so anybody may read it. */
export default async function DocsPage() {
  const admin = operationsOf(await adminDocument().json());
  return (
    <>
      <header className="sticky top-0 z-30 flex h-14 items-center gap-4 border-b bg-background/85 px-4 backdrop-blur sm:px-6 lg:px-8">
        <Link href="/overview" className="flex items-center gap-2.5 font-semibold tracking-tight">
          <Logo /> Conduit
        </Link>
        <nav aria-label="Sections" className="ml-auto flex items-center gap-4 text-muted-foreground text-sm">
          <a href="#gateway" className="hover:text-foreground">
            Gateway
          </a>
          <a href="#admin" className="hover:text-foreground">
            Admin
          </a>
          <Button asChild size="sm" className="max-sm:hidden">
            <a href="/api/admin/openapi.json">openapi.json</a>
          </Button>
        </nav>
      </header>
      <main id="content" className="mx-auto w-full max-w-6xl space-y-12 px-4 py-6 sm:px-6 lg:px-8">
        <div>
          <h1 className="font-semibold text-xl tracking-tight">API reference</h1>
          <p className="mt-0.5 max-w-2xl text-muted-foreground text-sm">
            The commands expect the key in a variable: <code className="font-mono text-xs">export CONDUIT_KEY=…</code>{" "}
            for calls, <code className="font-mono text-xs">export BACKEND_KEY=…</code> for administration.
          </p>
        </div>
        <Part id="gateway" title="Gateway" about="What callers use, with a virtual key as their API key.">
          <Reference label="the gateway's operations" operations={gatewayOperations} />
          <div className="grid gap-5 lg:grid-cols-2">
            <Headers title="Request headers" fields={requestHeaders} />
            <Headers title="Answer headers" fields={answerHeaders} />
          </div>
        </Part>
        <Part id="admin" title="Admin" about="All that the dashboard does, for programs with the backend key.">
          <Reference label="the admin operations" operations={admin} />
        </Part>
      </main>
      <Toaster position="bottom-right" />
    </>
  );
}

function Part({ id, title, about, children }: { id: string; title: string; about: string; children: ReactNode }) {
  return (
    <section id={id} aria-label={title} className="scroll-mt-20 space-y-5">
      <div>
        <h2 className="font-semibold text-lg tracking-tight">{title}</h2>
        <p className="text-muted-foreground text-sm">{about}</p>
      </div>
      {children}
    </section>
  );
}

function Headers({ title, fields }: { title: string; fields: Parameters<typeof Fields>[0]["fields"] }) {
  return (
    <section className="min-w-0">
      <h3 className="mb-2 font-medium text-sm">{title}</h3>
      <Fields label={title} fields={fields} />
    </section>
  );
}
