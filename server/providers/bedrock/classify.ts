import type { ErrorKind } from "@/server/errors";
import { classified, kindOfStatus, readError } from "@/server/providers/classify";
import type { Classified } from "@/server/providers/provider";
import { countOf, isRecord, textOf } from "@/server/wire/json";

/** Exceptions by their names in small letters. Source: Amazon Bedrock API reference, "Converse" and "ConverseStream", Errors. */
const KINDS: Readonly<Record<string, ErrorKind>> = {
  validationexception: "upstream_rejected",
  resourcenotfoundexception: "upstream_rejected",
  conflictexception: "upstream_rejected",
  accessdeniedexception: "upstream_denied",
  unrecognizedclientexception: "upstream_denied",
  incompletesignatureexception: "upstream_denied",
  invalidsignatureexception: "upstream_denied",
  expiredtokenexception: "upstream_denied",
  servicequotaexceededexception: "upstream_rate_limited",
  throttlingexception: "upstream_rate_limited",
  modelnotreadyexception: "upstream_rate_limited",
  modeltimeoutexception: "upstream_timeout",
};

/** Classifies an answer of AWS's that is not a success: the status decides, unless the body names the exception. */
export function classify(status: number, body: unknown): Classified {
  const error = readAwsError(body);
  const named = KINDS[error.type?.toLowerCase() ?? ""];
  if (named) return classified(named, error);
  // 424: the model failed, not the service; its own status may say how.
  const original = isRecord(body) ? (countOf(body.originalStatusCode) ?? countOf(body.OriginalStatusCode)) : undefined;
  return classified(kindOfStatus(status === 424 ? (original ?? 500) : status), error);
}

/** Classifies an exception in a stream that began as a success; undefined when the event is none. */
export function classifyException(event: string, body: unknown): Classified | undefined {
  const name = event.toLowerCase();
  if (!/(exception|error|failure)$/.test(name)) return undefined;
  return classified(KINDS[name] ?? "upstream_unavailable", { ...readAwsError(body), type: event });
}

/** AWS's bodies: `{message}` or `{Message}`, and `__type` where the exception is named, perhaps behind a namespace; or a model's own. */
function readAwsError(body: unknown): ReturnType<typeof readError> {
  if (!isRecord(body) || isRecord(body.error)) return readError(body);
  const type = textOf(body.__type)?.split("#").at(-1)?.split(":")[0];
  const message = textOf(body.message) ?? textOf(body.Message) ?? textOf(body.OriginalMessage);
  return { ...readError({ message }), type };
}
