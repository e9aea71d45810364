"use client";

import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { httpBatchLink, httpLink, splitLink, TRPCClientError } from "@trpc/client";
import { createTRPCReact } from "@trpc/react-query";
import type { inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import { type ReactNode, useState } from "react";
import { toast } from "sonner";
import superjson from "superjson";
import type { AppRouter } from "@/server/api/root";

/** Hooks for every procedure of the dashboard's API. */
export const trpc = createTRPCReact<AppRouter>();

/** What each procedure takes. */
export type Inputs = inferRouterInputs<AppRouter>;

/** What each procedure answers. */
export type Outputs = inferRouterOutputs<AppRouter>;

/** Put into a query's `trpc.context` when it may be slow, so that quick ones do not wait for it in a shared request. */
export const alone = { context: { alone: true } };

/** `meta` of a mutation whose caller shows the error itself, or that changes nothing a query shows. */
export const ownError = { ownError: true };
export const readsOnly = { ownError: true, readsOnly: true };

/** Gives the pages below it the query cache and the API's client. */
export function TrpcProvider({ children }: { children: ReactNode }) {
  const [queryClient] = useState(createQueryClient);
  const [client] = useState(createClient);
  return (
    <trpc.Provider client={client} queryClient={queryClient}>
      <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>
    </trpc.Provider>
  );
}

function createQueryClient(): QueryClient {
  const client = new QueryClient({
    defaultOptions: {
      queries: { staleTime: 5_000, retry: (failures, error) => failures < 2 && !isFinal(error) },
      mutations: { retry: false },
    },
    queryCache: new QueryCache({ onError: leaveIfSignedOut }),
    mutationCache: new MutationCache({
      onError: (error, _input, _result, mutation) => {
        leaveIfSignedOut(error);
        if (!mutation.meta?.ownError) toast.error(error.message);
      },
      // A change may show anywhere (counts, names, the checklist), and few queries are mounted at a time.
      onSuccess: (_output, _input, _result, mutation) => {
        if (!mutation.meta?.readsOnly) void client.invalidateQueries();
      },
    }),
  });
  return client;
}

function createClient() {
  const options = { url: "/api/trpc", transformer: superjson };
  return trpc.createClient({
    links: [
      splitLink({
        condition: (operation) => operation.context.alone === true,
        true: httpLink(options),
        false: httpBatchLink({ ...options, maxURLLength: 6_000 }),
      }),
    ],
  });
}

/** True when the server has understood the request and will answer the same again. */
function isFinal(error: unknown): boolean {
  const status = statusOf(error);
  return status !== undefined && status >= 400 && status < 500 && status !== 408 && status !== 429;
}

function leaveIfSignedOut(error: unknown): void {
  if (statusOf(error) !== 401) return;
  const here = window.location.pathname + window.location.search;
  window.location.assign(`/sign-in?next=${encodeURIComponent(here)}`);
}

function statusOf(error: unknown): number | undefined {
  if (!(error instanceof TRPCClientError)) return undefined;
  const status: unknown = error.data?.httpStatus;
  return typeof status === "number" ? status : undefined;
}
