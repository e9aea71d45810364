import { lookup as resolve } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { GatewayError } from "@/server/errors";

/** Addresses that are not on the public internet. Source: IANA special-purpose address registries. */
const notPublic = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.88.99.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4],
  ["240.0.0.0", 4],
] as const) {
  notPublic.addSubnet(network, prefix, "ipv4");
}
for (const [network, prefix] of [
  ["::", 128],
  ["::1", 128],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["3fff::", 20],
  ["5f00::", 16],
  ["fc00::", 7],
  ["fe80::", 10],
  ["ff00::", 8],
] as const) {
  notPublic.addSubnet(network, prefix, "ipv6");
}

/** Cloud metadata services hand out credentials: they are refused even where private networks are allowed. */
const metadata = new BlockList();
metadata.addSubnet("169.254.0.0", 16, "ipv4");
metadata.addAddress("fd00:ec2::254", "ipv6");

/** The error code of a look-up that found only addresses that may not be called; its cause is the GatewayError. */
const NOT_ALLOWED = "CONDUIT_ADDRESS_NOT_ALLOWED";

/** Whether a call may connect to this IP address. An IPv4 address inside an IPv6 one is judged as the IPv4 address. */
export function addressAllowed(address: string, allowPrivateNetwork: boolean): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  const kind = family === 4 ? "ipv4" : "ipv6";
  if (metadata.check(address, kind)) return false;
  if (allowPrivateNetwork) return true;
  if (notPublic.check(address, kind)) return false;
  // NAT64 carries an IPv4 address in its last 32 bits.
  return !/^64:ff9b::/i.test(address);
}

/** Refuses a URL that is not http(s), carries credentials, or names an address that may not be called. */
export function checkUrl(url: URL, allowPrivateNetwork: boolean): void {
  if (url.protocol !== "https:" && url.protocol !== "http:") {
    throw new GatewayError("upstream_denied", "The provider's base URL must begin with https:// or http://.");
  }
  if (url.username || url.password) {
    throw new GatewayError("upstream_denied", "The provider's base URL must not contain a user name or password.");
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (isIP(host) !== 0 && !addressAllowed(host, allowPrivateNetwork)) throw refused(host);
}

/**
 * A DNS look-up for outbound sockets that gives only addresses that may be called. It runs when the socket is opened, so
 * that a name cannot pass a check and then resolve to something else.
 */
export function guardedLookup(allowPrivateNetwork: boolean): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, "", 0);
      const allowed = addresses.filter(({ address }) => addressAllowed(address, allowPrivateNetwork));
      const [first] = allowed;
      if (!first)
        return callback(
          Object.assign(new Error("address not allowed", { cause: refused(hostname) }), { code: NOT_ALLOWED }),
          "",
          0,
        );
      if (options.all) return callback(null, allowed);
      return callback(null, first.address, first.family);
    });
  };
}

function refused(host: string): GatewayError {
  return new GatewayError(
    "upstream_denied",
    `The provider's address ${host} is in a private network. An admin can allow that on the provider.`,
  );
}
