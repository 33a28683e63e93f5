import {
  anything,
  anyText,
  listOf,
  oneOf,
  optional,
  orNull,
  outOfRange,
  type Reader,
  type Readers,
  wholeFrom,
  wrongType,
} from "../../internal/check.ts";
import { type EpochSeconds, instant } from "../../time.ts";
import { isObject } from "../own-fields.ts";
import type { ProtocolName } from "../protocols/names.ts";
import { PROTOCOLS } from "../protocols/protocols.ts";
/** Reads the names of models behind other names. */
const aliasReader: Reader<Readonly<Record<string, string>>> = (what, value) => {
  if (!isObject(value)) throw wrongType(what, "an object of names", value);
  return Object.fromEntries(
    Object.entries(value).map(([key, name]) => [key, anyText(`${what}.${key}`, name)]),
  );
};

/** The name of a protocol. */
const protocolName: Reader<ProtocolName> = (what, value) => {
  const found = PROTOCOLS.find(({ name }) => name === anyText(what, value));
  if (found !== undefined) return found.name;
  throw outOfRange(what, `one of ${PROTOCOLS.map(({ name }) => name).join(", ")}`, value);
};

/** Checked `ReportOptions`. */
export interface CheckedReport {
  readonly protocol: ProtocolName | null;
  readonly informs: readonly string[];
  readonly previous: unknown;
  readonly cacheTtl: "5m" | "1h" | null;
}

/** Checked `ActualOptions`. */
export interface CheckedOptions extends CheckedReport {
  readonly model: string | null;
  readonly serviceTier: string | null;
  readonly region: string | null;
  readonly aliases: Readonly<Record<string, string>>;
  readonly prefixes: readonly string[];
  readonly at: EpochSeconds | null;
  readonly until: EpochSeconds | null;
  readonly cutOffAt: number | null;
}

/** The readers of `ReportOptions`. */
export const REPORT: Readers<CheckedReport> = {
  protocol: /* @__PURE__ */ orNull(protocolName),
  informs: /* @__PURE__ */ optional(/* @__PURE__ */ listOf(anyText), []),
  previous: anything,
  cacheTtl: /* @__PURE__ */ orNull(/* @__PURE__ */ oneOf({ 1: "5m", 2: "1h" })),
};

/** The readers of `ActualOptions`. A bundler drops a pure call that nothing uses, and a spread never. */
export const ACTUAL: Readers<CheckedOptions> = /* @__PURE__ */ Object.assign({}, REPORT, {
  model: /* @__PURE__ */ orNull(anyText),
  serviceTier: /* @__PURE__ */ orNull(anyText),
  region: /* @__PURE__ */ orNull(anyText),
  aliases: /* @__PURE__ */ optional(aliasReader, {}),
  prefixes: /* @__PURE__ */ optional(/* @__PURE__ */ listOf(anyText), []),
  at: /* @__PURE__ */ orNull(instant),
  until: /* @__PURE__ */ orNull(instant),
  cutOffAt: /* @__PURE__ */ orNull(/* @__PURE__ */ wholeFrom(0)),
});
