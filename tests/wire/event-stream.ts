import { crc32 } from "node:zlib";

/** One message of AWS's event stream as its bytes, with its checksums made by zlib and not by the code under test. */
export function message(headers: Readonly<Record<string, string>> | Buffer, payload: string | Buffer): Buffer {
  const head = Buffer.isBuffer(headers)
    ? headers
    : Buffer.concat(Object.entries(headers).map(([name, value]) => header(name, value)));
  const body = Buffer.from(payload);
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(16 + head.length + body.length, 0);
  prelude.writeUInt32BE(head.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const signed = Buffer.concat([prelude, head, body]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(signed));
  return Buffer.concat([signed, checksum]);
}

/** An event of a type with its JSON, as the services send it. */
export function eventMessage(type: string, payload: string | Buffer): Buffer {
  return message({ ":event-type": type, ":content-type": "application/json", ":message-type": "event" }, payload);
}

/** An exception that a service reports in the middle of a stream. */
export function exceptionMessage(type: string, payload: object): Buffer {
  return message(
    { ":exception-type": type, ":content-type": "application/json", ":message-type": "exception" },
    JSON.stringify(payload),
  );
}

function header(name: string, value: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(Buffer.byteLength(value));
  return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), Buffer.from([7]), length, Buffer.from(value)]);
}
