import { Cancel } from "@/server/cancel";
import { GatewayError, isGatewayError } from "@/server/errors";
import { readAll, send } from "@/server/outbound/client";

const MAX_REDIRECTS = 3;
const TIME_MS = 20_000;
const MAX_URL_LENGTH = 8_192;

/** What all files of one request may take together: bytes that are left, and when their time is up. */
export type MediaAllowance = { bytes: number; readonly cancel: Cancel };

/** An allowance of 32 MiB and half a minute, which also ends when the caller leaves. */
export function mediaAllowance(caller: Cancel): MediaAllowance & { end(): void } {
  const cancel = new Cancel();
  const stop = (): void => cancel.abort();
  caller.onAbort(stop);
  const timer = setTimeout(stop, 30_000);
  return {
    bytes: 32 * 1024 * 1024,
    cancel,
    end: () => {
      clearTimeout(timer);
      caller.offAbort(stop);
    },
  };
}

/**
 * What a caller's URL holds, as a data URL. Every address on the way is checked as a provider's is: nothing of this network is
 * reachable. Throws `invalid_request` naming `param` when it cannot be had within the allowance.
 */
export async function fetchMedia(url: string, param: string, allowance: MediaAllowance): Promise<string> {
  let address = url;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    if (address.length > MAX_URL_LENGTH) throw refused(param, "is too long");
    const { status, headers, bytes } = await get(address, param, allowance);
    if (status >= 300 && status < 400 && headers.location && URL.canParse(headers.location, address)) {
      address = new URL(headers.location, address).href;
      continue;
    }
    if (status !== 200) throw refused(param, `answered with status ${status}`);
    const type = mediaType(headers["content-type"], bytes);
    return `data:${type};base64,${bytes.toString("base64")}`;
  }
  throw refused(param, "redirects too often");
}

async function get(url: string, param: string, allowance: MediaAllowance) {
  if (!/^https?:/i.test(url)) throw refused(param, "is neither http nor https");
  try {
    const response = await send(
      { method: "GET", url, headers: { accept: "*/*", "user-agent": "Conduit" } },
      { firstByteMs: TIME_MS, idleMs: TIME_MS, cancel: allowance.cancel, allowPrivateNetwork: false },
    );
    const bytes = await readAll(response, Math.max(0, allowance.bytes));
    allowance.bytes -= bytes.length;
    return { status: response.status, headers: response.headers, bytes };
  } catch (cause) {
    if (!isGatewayError(cause)) throw cause;
    throw refused(param, cause.kind === "upstream_garbled" ? "holds more than a request may" : "could not be fetched");
  }
}

function refused(param: string, reason: string): GatewayError {
  return new GatewayError("invalid_request", `The URL of a file in the request ${reason}.`, { param });
}

const MAGIC: readonly (readonly [string, string])[] = [
  ["89504e47", "image/png"],
  ["ffd8ff", "image/jpeg"],
  ["47494638", "image/gif"],
  ["25504446", "application/pdf"],
];

/** As the server says, unless it does not know: then by the first bytes. */
function mediaType(header: string | undefined, bytes: Buffer): string {
  const said = header?.split(";")[0]?.trim().toLowerCase();
  if (said && said !== "application/octet-stream" && said !== "binary/octet-stream") return said;
  const start = bytes.subarray(0, 4).toString("hex");
  if (bytes.subarray(0, 4).toString("latin1") === "RIFF" && bytes.subarray(8, 12).toString("latin1") === "WEBP")
    return "image/webp";
  return MAGIC.find(([magic]) => start.startsWith(magic))?.[1] ?? "application/octet-stream";
}
