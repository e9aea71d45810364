import { isIP } from "node:net";
import { GatewayError } from "@/server/errors";
import type { Endpoint, Inbound } from "@/server/gateway/endpoint";
import { failed } from "@/server/gateway/look";
import { exposition } from "@/server/metrics";
import { sameSecret } from "@/server/secret";
import { isLoopback, secrets } from "@/server/secrets";
import { health } from "@/server/state/health";
import { refusesCalls } from "@/server/state/journal";
import { ledgerBacklog } from "@/server/state/ledger";
import { openCalls } from "@/server/state/open-calls";

const json = { "content-type": "application/json", "cache-control": "no-store" };

/** `GET /health/live`: this process runs. */
export const live: Endpoint = async () => ({ status: 200, headers: json, body: JSON.stringify({ status: "ok" }) });

/** `GET /health/ready`: 200 when calls should be sent here, else 503; with the state of what it depends on. */
export const ready: Endpoint = async () => {
  const state = health();
  const ok = state.started && state.database && !state.draining && !refusesCalls();
  const status = state.draining ? "draining" : ok ? "ok" : "unavailable";
  const body = {
    status,
    database: state.database ? "up" : "down",
    redis: state.redis,
    ledger: state.ledger ? "up" : "behind",
    journal: state.journal ? "up" : "down",
    ledger_backlog: ledgerBacklog(),
  };
  return { status: ok ? 200 : 503, headers: json, body: JSON.stringify(body) };
};

/** `GET /metrics` in Prometheus form, for the backend key or for this machine itself. */
export const scrape: Endpoint = async (inbound) => {
  if (!mayScrape(inbound))
    return failed(new GatewayError("unauthenticated", "Metrics are for the backend key or for loopback."));
  const { contentType, text } = await exposition(openCalls());
  return { status: 200, headers: { "content-type": contentType }, body: text };
};

function mayScrape({ headers, ip }: Inbound): boolean {
  const bearer = /^bearer\s+(\S+)$/i.exec(headers.authorization ?? "")?.[1];
  const given = bearer ?? headers["x-api-key"] ?? headers["x-master-key"];
  if (typeof given === "string") return sameSecret(given, secrets().backendKey.reveal());
  // Behind a proxy on this machine every caller looks local: a forwarded request is not.
  const forwarded = headers["x-forwarded-for"] ?? headers.forwarded;
  // A web page that a person here looks at is not this machine either.
  return (
    forwarded === undefined && headers.origin === undefined && isIP(ip) !== 0 && isLoopback(ip.replace(/^::ffff:/, ""))
  );
}
