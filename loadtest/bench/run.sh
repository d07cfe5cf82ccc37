#!/usr/bin/env bash
# The measurements of FitAI; prints tables. With names, only those parts: loadtest/bench/run.sh fan-out
set -euo pipefail
cd "$(dirname "$0")/../.."

swift build -c release --product fitai-bench >&2
bench=.build/release/fitai-bench
for part in "${@:-fan-out}"; do
    case $part in
    fan-out) python3 loadtest/bench/fan_out.py "$bench" ;;
    *) echo "no measurement named $part" >&2; exit 2 ;;
    esac
done
