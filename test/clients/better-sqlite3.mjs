// Resolved from here, where it is installed.
export { default } from "better-sqlite3";
