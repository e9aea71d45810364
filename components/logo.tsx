import { cn } from "./ui/cn";

/** The mark: several lines that become one. */
export function Logo({ className }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" aria-hidden="true" className={cn("size-6 shrink-0", className)}>
      <rect width="32" height="32" rx="8" fill="#4f46e5" />
      <g fill="none" stroke="#fff" strokeWidth="2.6" strokeLinecap="round">
        <path d="M6.5 9.5h3.2c4.4 0 4.4 6.5 8.8 6.5" />
        <path d="M6.5 22.5h3.2c4.4 0 4.4-6.5 8.8-6.5" />
        <path d="M6.5 16h13" />
      </g>
      <circle cx="23.5" cy="16" r="3.3" fill="#fff" />
    </svg>
  );
}
