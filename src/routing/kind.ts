import { oneOf, type Reader } from "../internal/check.ts";

/** Where work can run, in the order in which {@link selectBackend} prefers it. */
export const BackendKind: Readonly<{
  LOCAL: "local";
  LAN_WORKER: "lan_worker";
  CLOUD_WORKER: "cloud_worker";
  SDK: "sdk";
}> = /* @__PURE__ */ Object.freeze({
  LOCAL: "local",
  LAN_WORKER: "lan_worker",
  CLOUD_WORKER: "cloud_worker",
  SDK: "sdk",
});
export type BackendKind = (typeof BackendKind)[keyof typeof BackendKind];

/** Reads a {@link BackendKind}. */
export const backendKind: Reader<BackendKind> = /* @__PURE__ */ oneOf(BackendKind);

/** The position of a kind in the order of preference, from 0; -1 for an unknown kind. */
export function rankOf(kind: unknown): number {
  if (kind === BackendKind.LOCAL) return 0;
  if (kind === BackendKind.LAN_WORKER) return 1;
  if (kind === BackendKind.CLOUD_WORKER) return 2;
  return kind === BackendKind.SDK ? 3 : -1;
}
