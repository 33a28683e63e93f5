import { describeForce } from "./force.ts";

describeForce("postgres", "settle-adds-again");
