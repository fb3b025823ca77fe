#!/usr/bin/env bash
# Every benchmark, one section each; goes on after one that is beyond its limits, and then ends with 1. Safe to run again.
# Needs ${ASKBOX_SHARED:-../shared}; takes about an hour, half of it the soak: SOAK_MINUTES=1 makes that short.
set -uo pipefail
cd "$(dirname "$0")/../.."
shared=${ASKBOX_SHARED:-../shared}
[ -d "$shared/bench" ] || { echo "$shared/bench is missing: set ASKBOX_SHARED to the folder that holds bench, data and tools."; exit 2; }
shared=$(cd "$shared" && pwd)
export ASKBOX_SHARED=$shared
if [ -z "${ASKBOX_TEST_ELASTICSEARCH_URL:-}" ]; then
  exports=$("$shared/tools/servers-up") || exit 2
  eval "$exports"
fi
python=.venv/bin/python
beyond=()

section() {
  local name=$1
  shift
  printf '\n## %s\n\n' "$name"
  "$python" "scripts/bench/$@" || beyond+=("$name")
}

section "Overhead" overhead.py
section "Overhead, streams" overhead.py --streams
section "Retrieval" retrieval.py
section "Parity" parity.py
section "Citing" citing.py
section "Search" search.py
section "Ingestion" ingest.py
section "Start" startup.py
section "Size" size.py
section "Overload" load.py
section "Soak" soak.py --minutes "${SOAK_MINUTES:-30}"

if [ ${#beyond[@]} -gt 0 ]; then
  printf '\nBeyond its limits, or not measured: %s\n' "$(IFS=,; echo "${beyond[*]}")"
  exit 1
fi
printf '\nAll within their limits.\n'
