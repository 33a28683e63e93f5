import type { Awaitable } from "../internal/awaitable.ts";
import { isObject, wrongType } from "../internal/check.ts";

/** A `CryptoKey` of WebCrypto, by its shape. */
export interface WebCryptoKey {
  readonly type: string;
  readonly algorithm: { readonly name: string };
}

/** An Ed25519 public key: its 32 bytes (RFC 8032, section 5.1.5), or an extractable `CryptoKey`. */
export type PublicKey = Uint8Array | WebCryptoKey;

/** What signs: a pair of `CryptoKey`s, as `crypto.subtle.generateKey` makes it, or a function, such as a key service's. */
export type SigningKey =
  | { readonly privateKey: WebCryptoKey; readonly publicKey: PublicKey }
  | {
      /** Signs the bytes with Ed25519 and returns the signature of 64 bytes. */
      readonly sign: (bytes: Uint8Array) => Awaitable<Uint8Array>;
      readonly publicKey: PublicKey;
    };

const utf8 = /* @__PURE__ */ new TextEncoder();

/** The 32 bytes of a public key. */
export async function publicBytes(what: string, key: PublicKey): Promise<Uint8Array> {
  if (!(key instanceof Uint8Array)) {
    return new Uint8Array(await crypto.subtle.exportKey("raw", cryptoKey(what, "public", key)));
  }
  if (key.length === 32) return key;
  throw new RangeError(`${what} must have 32 bytes; got ${key.length}`);
}

/**
 * Signs a text in UTF-8.
 *
 * @throws RangeError if the public key does not verify the signature: nobody could, later.
 */
export async function signed(what: string, key: SigningKey, text: string): Promise<Uint8Array> {
  const bytes = utf8.encode(text);
  const signature =
    "sign" in key
      ? await key.sign(bytes)
      : await crypto.subtle.sign(
          "Ed25519",
          cryptoKey(`${what}.privateKey`, "private", key.privateKey),
          bytes,
        );
  const checked = new Uint8Array(signature);
  if (await verifies(await publicBytes(`${what}.publicKey`, key.publicKey), checked, text)) return checked;
  throw new RangeError(`${what} must be one pair; the public key does not verify the signature`);
}

/** Whether a signature of a text in UTF-8 is by a key of 32 bytes. */
export async function verifies(key: Uint8Array, signature: Uint8Array, text: string): Promise<boolean> {
  // Copies, because WebCrypto takes no view of shared memory.
  const imported = await crypto.subtle.importKey("raw", new Uint8Array(key), "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", imported, new Uint8Array(signature), utf8.encode(text));
}

function cryptoKey(what: string, type: "public" | "private", key: unknown): CryptoKey {
  const algorithm: unknown = isObject(key) && "algorithm" in key ? key.algorithm : null;
  const isEd25519 = isObject(algorithm) && "name" in algorithm && algorithm.name === "Ed25519";
  // WebCrypto itself refuses an object that only looks like a key.
  if (isObject(key) && "type" in key && key.type === type && isEd25519) return key as CryptoKey;
  throw wrongType(what, `a ${type} CryptoKey for Ed25519`, key);
}
