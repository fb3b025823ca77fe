#!/usr/bin/env bash
# Kills, stops, fills and cuts real parts. ASKBOX_SHARED holds tools that bring up real servers; without it some are skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
export ASKBOX_ROUNDS=${ASKBOX_ROUNDS:-20}

shared=${ASKBOX_SHARED:-../shared}
if [ -x "$shared/tools/servers-up" ]; then
  shared=$(cd "$shared" && pwd)
  exports=$("$shared/tools/servers-up" elasticsearch)
  eval "$exports"
  export ASKBOX_TEST_ELASTICSEARCH_COMMAND="python3 $shared/tools/elasticsearch/es.py"
fi
exec .venv/bin/python -m pytest -m faults -s "$@"
