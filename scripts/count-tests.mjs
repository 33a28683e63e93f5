// Prints "N passed, N failed" from a test run's JSON report; a run that left none has no result.
import { readFileSync } from "node:fs";

const [, , path] = process.argv;
const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(path, "utf8"));
// A suite that did not load has no tests to fail.
const failed = Math.max(numFailedTests, numFailedTestSuites > 0 ? 1 : 0);
console.log(`${numPassedTests} passed, ${failed} failed`);
