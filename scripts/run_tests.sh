#!/usr/bin/env bash
# run_tests.sh PART: runs a part of the tests that were built, and tells at its end what came of it: a folder of Python tests,
# the Swift tests of some targets (`APITests|StoreTests`) but for their fuzzes, or those (`Fuzz`).
set -uo pipefail

part=$1
log=.build/test-${part//[^A-Za-z]/-}.log
start=$SECONDS
if [[ -d $part ]]; then
    # A run of its own for each folder, since each has modules and servers of its own.
    .venv/bin/python -m pytest -q -p no:cacheprovider "$part" >"$log" 2>&1
else
    which=(--filter "^($part)\\." --skip Fuzz)
    [[ $part == Fuzz ]] && which=(--filter Fuzz)
    .build/debug/FitAIPackageTests.xctest --testing-library swift-testing --no-parallel "${which[@]}" >"$log" 2>&1
fi
status=$?
# One write, so that parts that end together do not mix.
if [[ $status -eq 0 ]]; then
    told=$(grep -av '^$' "$log" | tail -n 1)
elif [[ -d $part ]]; then
    told=$(cat "$log")
else
    # A process that ended says why in its last lines.
    told=$(grep -aE '✘|^[^◇✔]*(Fatal|error:)' "$log" | head -n 100; printf '…\n'; tail -n 20 "$log")
fi
printf '%s: %s after %s s\n%s\n\n' "$part" "$([[ $status -eq 0 ]] && echo passed || echo FAILED)" \
    $((SECONDS - start)) "$told"
exit "$status"
