import { LogOut, Menu as MenuIcon, Monitor, Moon, Search, Sun } from "lucide-react";
import { signOut } from "next-auth/react";
import { useState } from "react";
import { BaseUrl } from "./base-url";
import { NotificationBell } from "./notification-bell";
import { applyTheme, type Theme, themes } from "./theme";
import { Button } from "./ui/button";
import { Menu, MenuContent, MenuItem, MenuTrigger } from "./ui/menu";
import { Tooltip } from "./ui/tooltip";

type TopBarProps = { theme: Theme; onOpenNav: () => void; onOpenCommands: () => void };

/** The line above every page: navigation on a phone, search, the address for callers, theme and sign-out. */
export function TopBar({ theme, onOpenNav, onOpenCommands }: TopBarProps) {
  return (
    <header className="sticky top-0 z-30 flex h-14 items-center gap-2 border-b bg-background/85 px-4 backdrop-blur sm:px-6 lg:px-8">
      <Button variant="ghost" size="icon" aria-label="Open navigation" className="-ml-2 lg:hidden" onClick={onOpenNav}>
        <MenuIcon />
      </Button>
      <button
        type="button"
        onClick={onOpenCommands}
        className="flex h-8.5 min-w-0 items-center gap-2 rounded-md border bg-surface px-2.5 text-muted-foreground text-sm shadow-xs hover:bg-muted sm:w-60"
      >
        <Search aria-hidden className="size-3.5" />
        <span className="truncate">Search or jump to…</span>
        <kbd className="ml-auto hidden font-mono text-2xs sm:block" aria-hidden>
          ⌘K
        </kbd>
      </button>
      <div className="ml-auto flex items-center gap-1">
        <BaseUrl />
        <NotificationBell />
        <ThemeMenu initial={theme} />
        <Tooltip text="Sign out">
          <Button variant="ghost" size="icon" aria-label="Sign out" onClick={() => void leave()}>
            <LogOut />
          </Button>
        </Tooltip>
      </div>
    </header>
  );
}

/** Goes by its own address: next-auth would use the one it was configured with, which may be another name of this server. */
async function leave(): Promise<void> {
  await signOut({ redirect: false });
  window.location.assign("/sign-in");
}

const themeIcons = { system: Monitor, light: Sun, dark: Moon } as const;
const themeLabels = { system: "System", light: "Light", dark: "Dark" } as const;

function ThemeMenu({ initial }: { initial: Theme }) {
  const [theme, setTheme] = useState(initial);
  const Current = themeIcons[theme];
  return (
    <Menu>
      <MenuTrigger asChild>
        <Button variant="ghost" size="icon" aria-label={`Theme: ${themeLabels[theme]}`}>
          <Current />
        </Button>
      </MenuTrigger>
      <MenuContent>
        {themes.map((choice) => {
          const Icon = themeIcons[choice];
          return (
            <MenuItem
              key={choice}
              onSelect={() => {
                applyTheme(choice);
                setTheme(choice);
              }}
            >
              <Icon /> {themeLabels[choice]}
            </MenuItem>
          );
        })}
      </MenuContent>
    </Menu>
  );
}
