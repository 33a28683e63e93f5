/** The round constants of FIPS 180-4, section 4.2.2, as big-endian words. */
const ROUNDS: DataView = /* @__PURE__ */ words([
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98,
  0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786,
  0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8,
  0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
  0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819,
  0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a,
  0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
  0xc67178f2,
]);

/** The initial hash value of FIPS 180-4, section 5.3.3. */
const INITIAL: Uint8Array = /* @__PURE__ */ bytesOf(
  /* @__PURE__ */ words([
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
  ]),
);

// The memory of the call under way, since another one begins only after it. To allocate it costs more than a block.
const SCHEDULE: DataView = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(256));
const STATE: DataView = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(32));
const TAIL: DataView = /* @__PURE__ */ new DataView(/* @__PURE__ */ new ArrayBuffer(128));
const stateBytes: Uint8Array = /* @__PURE__ */ bytesOf(STATE);
const tailBytes: Uint8Array = /* @__PURE__ */ bytesOf(TAIL);

/**
 * SHA-256 of FIPS 180-4. It is synchronous and runs everywhere: WebCrypto's is asynchronous, which costs more than the hash
 * itself on the short inputs of a Merkle tree.
 *
 * @returns 32 bytes.
 */
export function sha256(message: Uint8Array): Uint8Array {
  stateBytes.set(INITIAL);
  const rest = message.length % 64;
  const whole = message.length - rest;
  const blocks = new DataView(message.buffer, message.byteOffset, message.length);
  for (let at = 0; at < whole; at += 64) compress(blocks, at);

  const end = rest < 56 ? 64 : 128;
  tailBytes.fill(0);
  tailBytes.set(message.subarray(whole));
  tailBytes[rest] = 0x80;
  // The length in bits, of which the low word has the low 29 bits of the length in bytes.
  TAIL.setUint32(end - 8, Math.floor(message.length / 2 ** 29));
  TAIL.setUint32(end - 4, message.length << 3);
  for (let at = 0; at < end; at += 64) compress(TAIL, at);
  return stateBytes.slice();
}

/** Words in a view. Reading one gives a number; reading an array might give `undefined`. */
function words(values: readonly number[]): DataView {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, index) => {
    view.setUint32(index * 4, value);
  });
  return view;
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer);
}

/** Section 6.2.2: one block of 64 bytes. Offsets are in bytes, so a word before is 4 less. */
function compress(message: DataView, start: number): void {
  for (let at = 0; at < 64; at += 4) SCHEDULE.setInt32(at, message.getInt32(start + at));
  for (let at = 64; at < 256; at += 4) {
    const x = SCHEDULE.getInt32(at - 60);
    const y = SCHEDULE.getInt32(at - 8);
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    SCHEDULE.setInt32(at, SCHEDULE.getInt32(at - 64) + s0 + SCHEDULE.getInt32(at - 28) + s1);
  }
  let a = STATE.getInt32(0);
  let b = STATE.getInt32(4);
  let c = STATE.getInt32(8);
  let d = STATE.getInt32(12);
  let e = STATE.getInt32(16);
  let f = STATE.getInt32(20);
  let g = STATE.getInt32(24);
  let h = STATE.getInt32(28);
  for (let at = 0; at < 256; at += 4) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + ROUNDS.getInt32(at) + SCHEDULE.getInt32(at)) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  STATE.setInt32(0, STATE.getInt32(0) + a);
  STATE.setInt32(4, STATE.getInt32(4) + b);
  STATE.setInt32(8, STATE.getInt32(8) + c);
  STATE.setInt32(12, STATE.getInt32(12) + d);
  STATE.setInt32(16, STATE.getInt32(16) + e);
  STATE.setInt32(20, STATE.getInt32(20) + f);
  STATE.setInt32(24, STATE.getInt32(24) + g);
  STATE.setInt32(28, STATE.getInt32(28) + h);
}
