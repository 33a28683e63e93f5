/** What ends when a signal aborts. */
export interface Follower {
  readonly follow: (reason: unknown) => void;
}

type Reference = Pick<WeakRef<Follower>, "deref">;

/**
 * Calls `follower.follow` when a signal aborts, as long as something else uses the follower.
 *
 * A signal may live as long as the process. It has one listener for all its followers, and keeps no response alive that
 * nobody reads.
 *
 * @returns stops it.
 */
export function followAbort(signal: AbortSignal, follower: Follower): () => void {
  let followers = followersOf.get(signal);
  if (followers === undefined) followersOf.set(signal, (followers = new Followers(signal)));
  const remove = followers.add(referenceTo(follower));
  // It is safe to remove one twice.
  garbage?.register(follower, remove);
  return remove;
}

class Followers {
  readonly #signal: AbortSignal;
  readonly #references = new Set<Reference>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** It uses no follower, because a function keeps alive all that its siblings use. */
  add(reference: Reference): () => void {
    if (this.#references.size === 0) this.#signal.addEventListener("abort", this.#onAbort);
    this.#references.add(reference);
    return () => {
      this.#references.delete(reference);
      if (this.#references.size === 0) this.#signal.removeEventListener("abort", this.#onAbort);
    };
  }

  readonly #onAbort = (): void => {
    for (const reference of this.#references) reference.deref()?.follow(this.#signal.reason);
  };
}

const followersOf = /* @__PURE__ */ new WeakMap<AbortSignal, Followers>();

/** Removes the followers that were never stopped, once they are garbage. */
const garbage =
  typeof FinalizationRegistry === "function"
    ? /* @__PURE__ */ new FinalizationRegistry<() => void>((remove) => {
        remove();
      })
    : undefined;

/** Cloudflare's Workers have neither class before the compatibility date 2025-05-05. Their signals end with a request. */
function referenceTo(follower: Follower): Reference {
  return typeof WeakRef === "function" ? new WeakRef(follower) : { deref: () => follower };
}
