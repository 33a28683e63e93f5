/**
 * Calls a function when an object is garbage. The function must not keep the object alive: make it where nothing else of
 * the call is in reach, because a function keeps alive what any other function beside it uses.
 *
 * @returns stops it.
 */
export function whenGarbage(target: object, then: () => void): () => void {
  // Cloudflare's Workers have none before the compatibility date 2025-05-05. Their requests end with their response.
  if (typeof FinalizationRegistry !== "function") return () => null;
  registry ??= new FinalizationRegistry((call) => {
    call();
  });
  const token = {};
  registry.register(target, then, token);
  return () => registry?.unregister(token);
}

let registry: FinalizationRegistry<() => void> | undefined;
