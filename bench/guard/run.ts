/**
 * `npm run bench:guard` measures what `guardedFetch` adds to the clients of OpenAI and Anthropic: to a call, to an event of
 * a stream, and to the memory of open streams. The client alone runs beside it, against the same server on this machine, with
 * the same `fetch`. Times are CPU time of the thread, because the machine may have other work.
 */
import { machine, machineText } from "../machine.ts";
import { GUARD_LIBRARIES, guardMeasured } from "./measured.ts";
import { guardText } from "./report.ts";

console.log(machineText(machine(GUARD_LIBRARIES)));
console.log(guardText(await guardMeasured()));
