// Deno and Bun: `launch.mjs readable` or `launch.mjs unreadable`, for whether the environment may be read.
import process from "node:process";
import { data } from "./data.mjs";
import { load } from "./load.mjs";
import { suite } from "./suite.mjs";

const environment = { secret: data.secret, readable: process.argv[2] === "readable" };
const { line, ok } = (await suite(await load(), data, environment)).total();
console.log(line);
process.exitCode = ok ? 0 : 1;
