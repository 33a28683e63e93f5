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
const INITIAL = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
] as const;

/** The message schedule of the block at work: no call is under way while another begins. */
const SCHEDULE: DataView = /* @__PURE__ */ words(/* @__PURE__ */ new Array<number>(64).fill(0));

/**
 * SHA-256 of FIPS 180-4. It is synchronous and runs everywhere: WebCrypto's is asynchronous, which costs more than the hash
 * itself on the short inputs of a Merkle tree.
 *
 * @returns 32 bytes.
 */
export function sha256(message: Uint8Array): Uint8Array {
  const state = words(INITIAL);
  const rest = message.length % 64;
  const whole = message.length - rest;
  const blocks = new DataView(message.buffer, message.byteOffset, message.length);
  for (let at = 0; at < whole; at += 64) compress(state, blocks, at);

  const tail = new Uint8Array(rest < 56 ? 64 : 128);
  tail.set(message.subarray(whole));
  tail[rest] = 0x80;
  const padded = new DataView(tail.buffer);
  // The length in bits, of which the low word has the low 29 bits of the length in bytes.
  padded.setUint32(tail.length - 8, Math.floor(message.length / 2 ** 29));
  padded.setUint32(tail.length - 4, message.length << 3);
  for (let at = 0; at < tail.length; at += 64) compress(state, padded, at);
  return new Uint8Array(state.buffer);
}

/** Words in a view. Reading one gives a number; reading an array might give `undefined`. */
function words(values: readonly number[]): DataView<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, index) => {
    view.setUint32(index * 4, value);
  });
  return view;
}

/** Section 6.2.2: one block of 64 bytes. Offsets are in bytes, so a word before is 4 less. */
function compress(state: DataView, message: DataView, start: number): void {
  for (let at = 0; at < 64; at += 4) SCHEDULE.setInt32(at, message.getInt32(start + at));
  for (let at = 64; at < 256; at += 4) {
    const x = SCHEDULE.getInt32(at - 60);
    const y = SCHEDULE.getInt32(at - 8);
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
    SCHEDULE.setInt32(at, SCHEDULE.getInt32(at - 64) + s0 + SCHEDULE.getInt32(at - 28) + s1);
  }
  let a = state.getInt32(0);
  let b = state.getInt32(4);
  let c = state.getInt32(8);
  let d = state.getInt32(12);
  let e = state.getInt32(16);
  let f = state.getInt32(20);
  let g = state.getInt32(24);
  let h = state.getInt32(28);
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
  state.setInt32(0, state.getInt32(0) + a);
  state.setInt32(4, state.getInt32(4) + b);
  state.setInt32(8, state.getInt32(8) + c);
  state.setInt32(12, state.getInt32(12) + d);
  state.setInt32(16, state.getInt32(16) + e);
  state.setInt32(20, state.getInt32(20) + f);
  state.setInt32(24, state.getInt32(24) + g);
  state.setInt32(28, state.getInt32(28) + h);
}
