#!/usr/bin/env bash
# Runs the demo on the first 2,000 calls of the trace, under a cap that refuses some of them. One run is in memory. The
# other is on a SQLite file, is killed in the middle and started again. Both must give the same numbers and the same
# journal, to its root, and the page must exist.
set -euo pipefail
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
head -n 2001 examples/data/azure-llm-2023-conv.csv >"$out/slice.csv"
npm run --silent demo -- --trace "$out/slice.csv" --cap 0.4 --memory --out "$out/memory.html" --json >"$out/memory.json"

run=(node_modules/.bin/node examples/demo/main.ts --trace "$out/slice.csv" --cap 0.4 --db "$out/demo.sqlite" --out "$out/demo.html" --json)
# The first line of progress appears after half of the first pass.
"${run[@]}" >"$out/killed.json" 2>"$out/killed.log" &
killed=$!
until [ -s "$out/killed.log" ] || ! kill -0 "$killed" 2>/dev/null; do sleep 0.05; done
kill -KILL "$killed" 2>/dev/null || true
wait "$killed" 2>/dev/null || true
[ ! -s "$out/killed.json" ] || { echo "the run had ended before it could be killed"; exit 1; }
"${run[@]}" >"$out/demo.json" 2>"$out/again.log"
grep -q "resuming the run" "$out/again.log"
node -e '
  const [memory, sqlite] = process.argv.slice(1).map((file) => {
    const { passes, journal } = JSON.parse(require("node:fs").readFileSync(file, "utf8"));
    for (const pass of Object.values(passes)) {
      delete pass.seconds;
      delete pass.rememberedCalls;
    }
    delete journal.seconds;
    // Each run signs with a new key. The root is over what was written, entry by entry.
    delete journal.checkpoint.note;
    return JSON.stringify({ passes, journal }, null, 2);
  });
  console.log(sqlite);
  require("node:assert").equal(sqlite, memory);
' "$out/memory.json" "$out/demo.json"
test -s "$out/demo.html"
