#!/usr/bin/env bash
# The measurements of FitAI; prints tables. With names, only those parts: loadtest/bench/run.sh fan-out write-path
# Exit status 1 when a target was missed. The machine should be quiet.
set -euo pipefail
cd "$(dirname "$0")/../.."

[[ $# -gt 0 ]] || set -- fan-out write-path write-sockets consent imports training
for product in fitai-bench fitai fitai-load fitai-seed; do
    swift build -c release --product "$product" >&2
done
build=.build/release
missed=0
for part in "$@"; do
    case $part in
    fan-out) python3 loadtest/bench/fan_out.py "$build/fitai-bench" || missed=1 ;;
    write-path) "$build/fitai-bench" write-path || missed=1 ;;
    write-sockets) python3 loadtest/bench/write_sockets.py "$build" || missed=1 ;;
    consent) FITAI_BINARY=$build/fitai "$build/fitai-bench" consent || missed=1 ;;
    imports) python3 loadtest/bench/imports.py "$build" || missed=1 ;;
    training) python3 loadtest/bench/training.py "$build" ${TRAINING:-} || missed=1 ;;
    *) echo "no measurement named $part" >&2; exit 2 ;;
    esac
    echo
done
exit $missed
