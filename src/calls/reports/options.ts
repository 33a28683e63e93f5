import {
  anything,
  anyText,
  listOf,
  oneOf,
  optional,
  orNull,
  outOfRange,
  type Reader,
  wholeFrom,
  wrongType,
} from "../../internal/check.ts";
import { instant } from "../../time.ts";
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

/** The readers of `ReportOptions`. */
export const REPORT = {
  protocol: /* @__PURE__ */ orNull(protocolName),
  informs: /* @__PURE__ */ optional(/* @__PURE__ */ listOf(anyText), []),
  previous: anything,
  cacheTtl: /* @__PURE__ */ orNull(/* @__PURE__ */ oneOf({ 1: "5m", 2: "1h" })),
};

/** The readers of `ActualOptions`. */
export const ACTUAL = {
  ...REPORT,
  model: /* @__PURE__ */ orNull(anyText),
  serviceTier: /* @__PURE__ */ orNull(anyText),
  region: /* @__PURE__ */ orNull(anyText),
  aliases: /* @__PURE__ */ optional(aliasReader, {}),
  prefixes: /* @__PURE__ */ optional(/* @__PURE__ */ listOf(anyText), []),
  at: /* @__PURE__ */ orNull(instant),
  until: /* @__PURE__ */ orNull(instant),
  cutOffAt: /* @__PURE__ */ orNull(/* @__PURE__ */ wholeFrom(0)),
};
