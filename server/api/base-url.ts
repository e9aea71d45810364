import { badInput } from "@/server/api/errors";
import { isGatewayError } from "@/server/errors";
import { checkUrl } from "@/server/outbound/addresses";
import type { ProviderType } from "@/server/providers/provider";

/**
 * A provider's base URL as it is stored: without slashes at the end, null for its type's own address. Refuses what is not
 * http(s), carries credentials, a query or a fragment, or names an address that the provider may not call.
 */
export function storedBaseUrl(
  given: string | null | undefined,
  type: ProviderType,
  allowPrivateNetwork: boolean,
): string | null {
  if (type.local) {
    if (given) throw badInput(`${type.label} has no address.`, "baseUrl");
    return null;
  }
  if (!given) {
    if (type.baseUrl === null)
      throw badInput(`${type.label} needs a base URL, such as http://localhost:8000/v1.`, "baseUrl");
    return null;
  }
  const url = URL.parse(given);
  if (!url) throw badInput("This is not a URL. Begin with https:// or http://.", "baseUrl");
  if (url.search || url.hash)
    throw badInput("A base URL ends with its path: leave out what follows ? or #.", "baseUrl");
  checkBaseUrl(url, allowPrivateNetwork);
  return url.href.replace(/\/+$/, "");
}

function checkBaseUrl(url: URL, allowPrivateNetwork: boolean): void {
  // A name is looked up when a call is made; this one is known to be private without asking.
  if (!allowPrivateNetwork && /(^|\.)localhost$/i.test(url.hostname)) {
    throw badInput(`${url.hostname} is this machine. Allow the private network to call it.`, "baseUrl");
  }
  try {
    checkUrl(url, allowPrivateNetwork);
  } catch (error) {
    throw isGatewayError(error) ? badInput(error.message, "baseUrl") : error;
  }
}
