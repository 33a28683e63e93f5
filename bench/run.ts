/**
 * `npm run bench` measures the library and its rivals side by side, in one run. `npm run --silent bench -- --json` prints the
 * same as JSON.
 */
import { parseArgs } from "node:util";
import { admitsCases } from "./admits.ts";
import { bounds } from "./bounds.ts";
import { boundCases, callsCases } from "./calls.ts";
import { GUARD_LIBRARIES, guardMeasured } from "./guard/measured.ts";
import { guardJson, guardText } from "./guard/report.ts";
import { machine, machineText } from "./machine.ts";
import { race } from "./measure.ts";
import { moneyCases } from "./money.ts";
import { json, text } from "./report.ts";
import { routingCases } from "./routing.ts";
import { type Measured, targetsOf } from "./targets.ts";
import { letThrough, withHoldCases } from "./with-hold.ts";

const { values } = parseArgs({ options: { json: { type: "boolean", default: false } } });
const about = machine([
  ...GUARD_LIBRARIES,
  "decimal.js",
  "big.js",
  "dinero.js",
  "llm-spend-guard",
  "@pydantic/genai-prices",
  "gpt-tokenizer",
]);
if (!values.json) console.log(machineText(about));

const measured: Measured = {
  admits: await race(admitsCases()),
  routing: await race(routingCases()),
  money: await race(moneyCases()),
  calls: await race(withHoldCases()),
  letThrough: await letThrough(),
  prices: await race(callsCases()),
  tokens: await race(boundCases()),
  bounds: bounds(),
};
const targets = targetsOf(measured);
const guard = await guardMeasured();
console.log(
  values.json
    ? JSON.stringify({ machine: about, ...json(measured, targets), guard: guardJson(guard) }, null, 2)
    : [text(measured, targets), guardText(guard)].join("\n"),
);
