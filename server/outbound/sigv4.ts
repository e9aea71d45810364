import { createHmac, hash } from "node:crypto";
import type { UpstreamRequest } from "@/server/providers/provider";

/** A pair of AWS keys. `region` is used where the address does not name one, as that of a proxy of one's own. */
export type AwsKeys = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
  readonly region?: string | undefined;
};

/**
 * The keys in a credential's text: JSON with `accessKeyId`, `secretAccessKey` and perhaps `sessionToken` and `region` (also
 * capitalised, as AWS's tools print them), or `AKIA…:secret`, perhaps with `:token`. Undefined for anything else, as API keys are.
 */
export function awsKeys(text: string): AwsKeys | undefined {
  const trimmed = text.trim();
  if (trimmed.startsWith("{")) return keysInJson(trimmed);
  const [, accessKeyId, secretAccessKey, sessionToken] =
    /^((?:AKIA|ASIA)\w+):([^:\s]+)(?::(\S+))?$/.exec(trimmed) ?? [];
  return accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey, sessionToken } : undefined;
}

function keysInJson(text: string): AwsKeys | undefined {
  let fields: unknown;
  try {
    fields = JSON.parse(text);
  } catch {
    // No JSON after all, so no keys either.
    return undefined;
  }
  const found = new Map(Object.entries(fields ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  const stringAt = (name: string): string | undefined => {
    const value: unknown = found.get(name);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const accessKeyId = stringAt("accesskeyid");
  const secretAccessKey = stringAt("secretaccesskey");
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, sessionToken: stringAt("sessiontoken"), region: stringAt("region") };
}

/** The region that an address at AWS names, such as `eu-central-1`; undefined where it names none. */
export function regionOf(host: string): string | undefined {
  return host.split(".").find((label) => /^[a-z]{2,4}(-[a-z]+)+-\d+$/.test(label));
}

export type Signing = { readonly keys: AwsKeys; readonly service: string; readonly now: Date };

/**
 * The request with AWS's Signature Version 4 over its method, path, query, host, content type, `x-amz-` headers and body.
 * Source: AWS, "Create a signed AWS API request"; the path is encoded once more, as all services but S3 want it.
 */
export function signed(request: UpstreamRequest, { keys, service, now }: Signing): UpstreamRequest {
  const url = new URL(request.url);
  const time = now.toISOString().replace(/[-:]|\.\d+/g, "");
  const headers = {
    ...request.headers,
    "x-amz-date": time,
    ...(keys.sessionToken && { "x-amz-security-token": keys.sessionToken }),
  };
  const toSign = signedHeaders(headers, url.host);
  const names = toSign.map(([name]) => name).join(";");
  const canonical = [
    request.method,
    url.pathname.split("/").map(escaped).join("/"),
    canonicalQuery(url),
    ...toSign.map(([name, value]) => `${name}:${value}`),
    "",
    names,
    hash("sha256", request.body ?? "", "hex"),
  ].join("\n");
  const scope = [time.slice(0, 8), regionOf(url.hostname) ?? keys.region ?? "us-east-1", service, "aws4_request"];
  const text = ["AWS4-HMAC-SHA256", time, scope.join("/"), hash("sha256", canonical, "hex")].join("\n");
  const key = scope.reduce<string | Buffer>(hmac, `AWS4${keys.secretAccessKey}`);
  const credential = `${keys.accessKeyId}/${scope.join("/")}`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${hmac(key, text).toString("hex")}`;
  return { ...request, headers: { ...headers, authorization } };
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

/** By name. Others may be changed by proxies on the way and are left out. */
function signedHeaders(headers: Readonly<Record<string, string>>, host: string): [name: string, value: string][] {
  return [...Object.entries(headers), ["host", host] as const]
    .map(([name, value]): [string, string] => [name.toLowerCase(), value.trim().replace(/\s+/g, " ")])
    .filter(([name]) => name === "host" || name === "content-type" || name.startsWith("x-amz-"))
    .sort(([left], [right]) => (left < right ? -1 : 1));
}

function canonicalQuery(url: URL): string {
  return [...url.searchParams]
    .map(([name, value]) => `${escaped(name)}=${escaped(value)}`)
    .sort()
    .join("&");
}

/** Everything but letters, digits and `-._~` as RFC 3986 has it. */
function escaped(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}
