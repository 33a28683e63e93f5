import type { Tags } from "../../budget/contract.ts";
import { tagsOf } from "../../budget/hold-request.ts";
import type { ScopeCap } from "../../budget/scopes.ts";
import { quote } from "../../internal/text.ts";
import type { GuardedRequest, GuardOptions } from "./options.ts";
import { checked } from "./refusal.ts";
import { type RunContext, someScopes } from "./scope-context.ts";

/** Where a request counts, and its labels. */
export interface Accounted {
  readonly scopes: readonly ScopeCap[];
  readonly tags: Tags;
}

/** The scopes and tags of a request: those of the guard, and those of the user's request that is being served. */
export async function accountedIn(
  request: GuardedRequest,
  { scopes, tags }: Pick<GuardOptions, "scopes" | "tags">,
  context: RunContext | undefined,
): Promise<Accounted> {
  const own = (typeof scopes === "function" ? await scopes(request) : scopes) ?? [];
  const labels = (typeof tags === "function" ? await tags(request) : tags) ?? {};
  const { model, provider } = request;
  return {
    scopes: checked(() => onceEach([...someScopes("guardedFetch: scopes", own), ...(context?.scopes ?? [])])),
    tags: checked(() =>
      tagsOf("guardedFetch: tags", { ...nameTags({ model, provider }), ...labels, ...context?.tags }),
    ),
  };
}

/** Labels that a ledger accepts. A model's name may be longer. */
function nameTags(names: Readonly<Record<string, string>>): Tags {
  return Object.fromEntries(Object.entries(names).map(([key, name]) => [key, name.slice(0, 200)]));
}

/**
 * The scopes, each once. A scope that is named twice must have the same cap and the same end.
 *
 * @throws RangeError if they differ.
 */
function onceEach(scopes: readonly ScopeCap[]): readonly ScopeCap[] {
  const found = new Map<string, ScopeCap>();
  for (const one of scopes) {
    const other = found.get(one.scope);
    if (other !== undefined && (other.cap !== one.cap || other.until !== one.until)) {
      throw new RangeError(
        `the guard and its run must have the same cap and the same end for the scope ${quote(one.scope)}`,
      );
    }
    found.set(one.scope, one);
  }
  return [...found.values()];
}
