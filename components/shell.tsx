"use client";

import { type ReactNode, useState } from "react";
import { Toaster } from "sonner";
import { CommandMenu } from "./command-menu";
import { Sidebar, SidebarSheet } from "./sidebar";
import type { Theme } from "./theme";
import { TopBar } from "./top-bar";
import { TrpcProvider } from "./trpc";
import { TooltipProvider } from "./ui/tooltip";

/** The frame of the dashboard: sidebar, top bar, command menu and toasts around a page. */
export function Shell({ theme, children }: { theme: Theme; children: ReactNode }) {
  const [navOpen, setNavOpen] = useState(false);
  const [commandsOpen, setCommandsOpen] = useState(false);
  return (
    <TrpcProvider>
      <TooltipProvider delayDuration={250}>
        <a
          href="#content"
          className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-80 focus:rounded-md focus:bg-raised focus:px-3 focus:py-2 focus:text-sm"
        >
          Skip to content
        </a>
        <div className="min-h-dvh lg:pl-56">
          <Sidebar />
          <SidebarSheet open={navOpen} onOpenChange={setNavOpen} />
          <TopBar theme={theme} onOpenNav={() => setNavOpen(true)} onOpenCommands={() => setCommandsOpen(true)} />
          <main id="content" tabIndex={-1} className="mx-auto w-full max-w-7xl px-4 py-6 outline-none sm:px-6 lg:px-8">
            {children}
          </main>
        </div>
        <CommandMenu open={commandsOpen} onOpenChange={setCommandsOpen} />
        <Toaster
          position="bottom-right"
          toastOptions={{
            style: { background: "var(--raised)", color: "var(--foreground)", borderColor: "var(--border)" },
          }}
        />
      </TooltipProvider>
    </TrpcProvider>
  );
}
