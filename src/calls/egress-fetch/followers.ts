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
  return followers.add(follower);
}

class Followers {
  readonly #signal: AbortSignal;
  readonly #references = new Set<Reference>();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  add(follower: Follower): () => void {
    const reference = referenceTo(follower);
    const remove = this.#keep(reference);
    if (typeof FinalizationRegistry !== "function") return remove;
    forgotten ??= new FinalizationRegistry((removeIt) => {
      removeIt();
    });
    forgotten.register(follower, remove, reference);
    return () => {
      forgotten?.unregister(reference);
      remove();
    };
  }

  /** Of its own, because a function keeps alive what any other function beside it uses, such as the follower. */
  #keep(reference: Reference): () => void {
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

/** Cloudflare's Workers have no WeakRef before the compatibility date 2025-05-05. Their signals end with a request. */
function referenceTo(follower: Follower): Reference {
  return typeof WeakRef === "function" ? new WeakRef(follower) : { deref: () => follower };
}

const followersOf = /* @__PURE__ */ new WeakMap<AbortSignal, Followers>();

/** Removes the references to followers that were never stopped and are garbage. */
let forgotten: FinalizationRegistry<() => void> | undefined;
