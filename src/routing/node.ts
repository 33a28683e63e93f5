import { identifier, nameUpTo, orNull, type Reader } from "../internal/check.ts";
import { define, valueReader } from "../internal/value.ts";

const NODE = { name: identifier, address: /* @__PURE__ */ orNull(/* @__PURE__ */ nameUpTo(500)) };

/**
 * The node that a worker runs on, for leases, logs and provenance.
 *
 * @example
 * ```ts
 * new NodeIdentity({ name: "gpu-box-1", address: "100.64.0.7" }).name; // => "gpu-box-1"
 * ```
 */
export class NodeIdentity {
  declare readonly name: string;
  /** An IP address or a MagicDNS name of the tailnet; `null` if it has none or it is unknown. */
  declare readonly address: string | null;

  /**
   * @throws TypeError for a missing or unknown field or a wrong type.
   * @throws RangeError for a name or an address that is empty, too long or has a control character.
   */
  constructor(node: { readonly name: string; readonly address?: string | null | undefined }) {
    define(this, "NodeIdentity", node, NODE);
  }
}

/** Reads a {@link NodeIdentity}. */
export const nodeIdentity: Reader<NodeIdentity> = /* @__PURE__ */ valueReader(
  "NodeIdentity",
  NODE,
  (fields) => new NodeIdentity(fields),
);
