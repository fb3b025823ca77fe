#!/usr/bin/env bash
# Starts askbox in embedded mode with the handbook, says what to try, and stops with Ctrl-C. Safe to run again: data stays.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ -f .env ]; then set -a; . ./.env; set +a; fi
export ASKBOX_STORE=embedded ASKBOX_HOST=${ASKBOX_HOST:-127.0.0.1} ASKBOX_PORT=${ASKBOX_PORT:-8000}
export ASKBOX_LOAD_HANDBOOK=${ASKBOX_LOAD_HANDBOOK:-true} ASKBOX_LLM_MODEL=${ASKBOX_LLM_MODEL:-phi3}
url=http://$ASKBOX_HOST:$ASKBOX_PORT

.venv/bin/askbox-api & api=$!
trap 'kill -TERM "$api" 2>/dev/null || true' INT TERM

.venv/bin/python scripts/demo_ready.py "$url" "$api" || { wait "$api"; exit $?; }
cat <<EOT

  askbox answers on $url from the pages of docs/handbook. Try, in another terminal:

    make ask Q="How much GPU memory does Llama 7B need?"

    curl -s $url/ask -H 'Content-Type: application/json' \\
         -d '{"question": "How much GPU memory does Llama 7B need?"}'

    .venv/bin/askbox ingest ~/notes && .venv/bin/askbox ask "…"     your own documents

  All routes: $url/docs · Ctrl-C stops it.

EOT
code=0
while kill -0 "$api" 2>/dev/null; do wait "$api" && code=0 || code=$?; done
exit "$code"
