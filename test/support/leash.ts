// Runs a program until the parent process ends, even if that is killed.
import { spawn } from "node:child_process";

const [program = "", ...args] = process.argv.slice(2);
const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
process.stdin.resume().on("end", () => child.kill("SIGKILL"));
child.on("exit", () => process.exit());
