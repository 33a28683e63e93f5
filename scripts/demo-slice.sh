#!/usr/bin/env bash
# The demo on the first 2,000 calls of the trace, under a cap that refuses some: it must end well and write
# its page, and its numbers must be there.
set -euo pipefail
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
head -n 2001 examples/data/azure-llm-2023-conv.csv >"$out/slice.csv"
npm run --silent demo -- --trace "$out/slice.csv" --cap 1 --out "$out/demo.html" --json >"$out/demo.json"
node -e '
  const result = JSON.parse(require("node:fs").readFileSync(process.argv[1], "utf8"));
  console.log(JSON.stringify(result, null, 2).slice(0, 2000));
' "$out/demo.json"
test -s "$out/demo.html"
