/**
 * The journal as a tamper-evident log: lines, a Merkle tree over them, and signed checkpoints.
 *
 * @module
 */
export { checkpoint, type CheckpointOptions, type Sealed } from "./checkpoint.ts";
export type { PublicKey, SigningKey, WebCryptoKey } from "./ed25519.ts";
export type { DifferingEntry } from "./kept-leaves.ts";
export { archivedLine, parseLine } from "./line.ts";
export { type Archived, type JournalSource, leafHashes, type Lines } from "./log.ts";
export { openNote, verifierKey } from "./note.ts";
export { type Checkpoint, openCheckpoint } from "./open-checkpoint.ts";
export { type LogDiffers, type LogIntact, type LogShorter, verify, type VerifyOptions } from "./verify.ts";
