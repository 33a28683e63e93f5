// Prints "N passed, N failed" from the JSON report of a test run. Without a report it fails.
import { readFileSync } from "node:fs";

const [, , path] = process.argv;
const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(path, "utf8"));
// A suite that did not load reports no failed tests.
const failed = Math.max(numFailedTests, numFailedTestSuites > 0 ? 1 : 0);
console.log(`${numPassedTests} passed, ${failed} failed`);
