import type { Cancel } from "@/server/cancel";
import { GatewayError } from "@/server/errors";
import { fetchMedia, mediaAllowance } from "@/server/outbound/media";
import type { ChatRequest } from "@/server/wire/chat";
import { isRecord, textOf } from "@/server/wire/json";

/** Files of one request that are fetched, at most. */
const MAX_FILES = 50;
const AT_ONCE = 4;
const ABROAD = /^https?:/i;

type Place = { readonly url: string; readonly param: string; put(dataUrl: string): void };

/**
 * The request with the bytes of images and files in place of http(s) URLs that the upstream cannot fetch itself. Throws
 * `invalid_request` with the part's path for what cannot be had.
 */
export async function inlineMedia(
  request: ChatRequest,
  { fetches, cancel }: { readonly fetches: (url: string) => boolean; readonly cancel: Cancel },
): Promise<ChatRequest> {
  if (placesOf(request, fetches).length === 0) return request;
  const copy = structuredClone(request);
  const places = placesOf(copy, fetches);
  if (places.length > MAX_FILES)
    throw new GatewayError("invalid_request", `A request may name at most ${MAX_FILES} URLs.`, { param: "messages" });
  const allowance = mediaAllowance(cancel);
  try {
    let next = 0;
    const lane = async (): Promise<void> => {
      for (let place = places[next++]; place; place = places[next++])
        place.put(await fetchMedia(place.url, place.param, allowance));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, lane));
  } finally {
    allowance.end();
  }
  return copy;
}

function placesOf(request: ChatRequest, fetches: (url: string) => boolean): Place[] {
  const wanted = (url: unknown): url is string => typeof url === "string" && ABROAD.test(url) && !fetches(url);
  return request.messages.flatMap((message, at) =>
    (Array.isArray(message.content) ? message.content : []).flatMap((part: unknown, index): Place[] => {
      const param = `messages.${at}.content.${index}`;
      return isRecord(part) ? placeOf(part, param, wanted) : [];
    }),
  );
}

function placeOf(part: Record<string, unknown>, param: string, wanted: (url: unknown) => url is string): Place[] {
  const { image_url: image, file, source } = part;
  if (isRecord(image) && wanted(image.url)) {
    return [{ url: image.url, param, put: (dataUrl) => void Object.assign(image, { url: dataUrl }) }];
  }
  if (isRecord(file) && wanted(file.file_data)) {
    return [{ url: file.file_data, param, put: (dataUrl) => void Object.assign(file, { file_data: dataUrl }) }];
  }
  // Anthropic's own blocks.
  if (isRecord(source) && source.type === "url" && wanted(textOf(source.url))) {
    const put = (dataUrl: string): void => {
      const [head = "", data = ""] = dataUrl.split(",", 2);
      part.source = { type: "base64", media_type: head.slice(5).split(";")[0], data };
    };
    return [{ url: String(source.url), param, put }];
  }
  return [];
}
