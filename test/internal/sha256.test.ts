import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sha256 } from "../../src/internal/sha256.ts";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const text = (message: string): Uint8Array => new TextEncoder().encode(message);
const nodes = (message: Uint8Array): string => createHash("sha256").update(message).digest("hex");

describe("sha256", () => {
  // The empty message, and the examples of FIPS 180-2, appendix B.
  it.each([
    ["", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    [
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ],
    ["a".repeat(1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
  ])("NIST's example %#", (message, digest) => {
    expect(hex(sha256(text(message)))).toBe(digest);
  });

  // SHA256ShortMsg.rsp of https://csrc.nist.gov/projects/cryptographic-algorithm-validation-program (CAVS 11.0).
  it.each([
    ["d3", "28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1"],
    ["11af", "5ca7133fa735326081558ac312c620eeca9970d1e70a4b95533d956f072d1f98"],
    ["b4190e", "dff2e73091f6c05e528896c4c831b9448653dc2ff043528f6769437bc7b975c2"],
    [
      "e2f76e97606a872e317439f1a03fcd92e632e5bd4e7cbc4e97f1afc19a16fde92d77cbe546416b51640cddb92af996534dfd81edb17c4424cf1ac4d75aceeb",
      "18041bd4665083001fba8c5411d2d748e8abbfdcdfd9218cb02b68a78e7d4c23",
    ],
  ])("NIST's short message %s", (message, digest) => {
    expect(hex(sha256(Buffer.from(message, "hex")))).toBe(digest);
  });

  it("every length around its blocks is hashed as node:crypto does", () => {
    for (let length = 0; length <= 200; length++) {
      const message = new Uint8Array(length).fill(length);
      expect(hex(sha256(message))).toBe(nodes(message));
    }
  });

  it("any bytes are hashed as node:crypto does, also in the middle of a buffer", () => {
    const bytes = fc.uint8Array({ maxLength: 500 });
    fc.assert(
      fc.property(bytes, fc.nat(100), (whole, from) => {
        const part = whole.subarray(from);
        expect(hex(sha256(part))).toBe(nodes(part));
      }),
    );
  });
});
