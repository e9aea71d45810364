import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hash,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";
import { inspect } from "node:util";

const hidden = "[secret]";

/** A text that cannot be printed, logged or serialised by accident. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The text itself; called only where it is put on the wire or sealed. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return hidden;
  }

  toJSON(): string {
    return hidden;
  }

  [inspect.custom](): string {
    return hidden;
  }
}

/** SHA-256 as lower-case hex. */
export function sha256(text: string): string {
  return hash("sha256", text, "hex");
}

/** Compares two texts in a time that does not depend on where they differ. */
export function sameSecret(left: string, right: string): boolean {
  return timingSafeEqual(hash("sha256", left, "buffer"), hash("sha256", right, "buffer"));
}

/** A new virtual key: `condt_` and 32 random bytes in base64url. */
export function newVirtualKey(): string {
  return `condt_${randomBytes(32).toString("base64url")}`;
}

/** What of a virtual key is stored: its hash, and the ends that a person knows it by. */
export function describeVirtualKey(key: string): { hash: string; prefix: string; last4: string } {
  return { hash: sha256(key), prefix: key.slice(0, Math.min(10, Math.floor(key.length / 3))), last4: key.slice(-4) };
}

export type Sealer = {
  /** Encrypts with AES-256-GCM: `v1.<iv>.<tag>.<ciphertext>`, each part base64url. `context` must be given again to open. */
  seal(text: string, context: string): string;
  /** Throws when the text was sealed with another key or for another context. */
  open(sealed: string, context: string): Secret;
  /** HMAC-SHA256 as lower-case hex: tells whether a text is the same as before without keeping it. */
  fingerprint(text: string): string;
};

/** Seals secrets under a key derived from `encryptionKey` with HKDF-SHA256. */
export function createSealer(encryptionKey: string): Sealer {
  const key = Buffer.from(hkdfSync("sha256", encryptionKey, "conduit", "provider-keys", 32));
  const fingerprintKey = Buffer.from(hkdfSync("sha256", encryptionKey, "conduit", "fingerprints", 32));
  return {
    seal(text, context) {
      const iv = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(context));
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return ["v1", iv, cipher.getAuthTag(), body]
        .map((part) => (typeof part === "string" ? part : part.toString("base64url")))
        .join(".");
    },
    open(sealed, context) {
      const [version, iv = "", tag = "", body = ""] = sealed.split(".");
      if (version !== "v1") throw new Error("Not a sealed secret.");
      const decipher = createDecipheriv("aes-256-gcm", key, Buffer.from(iv, "base64url"), { authTagLength: 16 })
        .setAAD(Buffer.from(context))
        .setAuthTag(Buffer.from(tag, "base64url"));
      return new Secret(decipher.update(body, "base64url", "utf8") + decipher.final("utf8"));
    },
    fingerprint: (text) => createHmac("sha256", fingerprintKey).update(text).digest("hex"),
  };
}
