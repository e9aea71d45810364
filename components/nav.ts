import {
  Boxes,
  FlaskConical,
  History,
  KeyRound,
  LayoutDashboard,
  type LucideIcon,
  Plug,
  ScrollText,
  Split,
  Tags,
} from "lucide-react";

/** A page of the dashboard; `key` after `g` opens it. */
export type NavItem = { href: string; label: string; icon: LucideIcon; key: string };

/** Every page of the dashboard, in the order of the sidebar. */
export const nav: readonly NavItem[] = [
  { href: "/overview", label: "Overview", icon: LayoutDashboard, key: "o" },
  { href: "/providers", label: "Providers", icon: Plug, key: "p" },
  { href: "/models", label: "Models", icon: Boxes, key: "m" },
  { href: "/routing", label: "Routing", icon: Split, key: "n" },
  { href: "/keys", label: "Keys", icon: KeyRound, key: "k" },
  { href: "/calls", label: "Calls", icon: ScrollText, key: "c" },
  { href: "/prices", label: "Prices", icon: Tags, key: "r" },
  { href: "/playground", label: "Playground", icon: FlaskConical, key: "t" },
  { href: "/audit", label: "Audit log", icon: History, key: "a" },
];
