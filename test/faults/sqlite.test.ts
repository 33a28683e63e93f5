import { describeForce } from "./force.ts";

describeForce("sqlite", "recovery-releases");
