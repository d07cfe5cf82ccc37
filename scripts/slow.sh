#!/usr/bin/env bash
# slow.sh PERCENT COMMAND…: runs COMMAND, with all that it starts, on PERCENT of one core, by what this machine offers: a
# CPU quota of a cgroup, else cpulimit. Where it offers neither, it says so and runs nothing.
set -euo pipefail

percent=$1
shift
period=100000
quota=$((period * percent / 100))
name=fitai-slow-$$
group=

# Makes the group under $1 and gives it the quota; false where that is not allowed.
make_group() {
    [[ -d $1 ]] && mkdir "$1/$name" 2>/dev/null || return 1
    group=$1/$name
    if [[ -e $group/cpu.max ]]; then
        echo "$quota $period" >"$group/cpu.max"
    elif [[ -e $group/cpu.cfs_quota_us ]]; then
        echo "$period" >"$group/cpu.cfs_period_us" && echo "$quota" >"$group/cpu.cfs_quota_us"
    else
        false
    fi 2>/dev/null && return 0
    rmdir "$group"
    group=
    return 1
}

# What a killed run leaves behind lives on in the group, which can go only once they have ended.
leave_group() {
    rmdir "$group" 2>/dev/null || echo "slow.sh: $group still has processes" >&2
}

for root in /sys/fs/cgroup /sys/fs/cgroup/cpu /sys/fs/cgroup/cpu,cpuacct; do
    make_group "$root" && break
done

if [[ -n $group ]]; then
    echo "slow.sh: $percent % of a core by $group" >&2
    trap leave_group EXIT
    # The child joins before it becomes the command, so that no thread of it is ever outside.
    bash -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' slow "$group" "$@"
elif command -v cpulimit >/dev/null; then
    echo "slow.sh: $percent % of a core by cpulimit" >&2
    cpulimit --quiet --include-children --limit "$percent" -- "$@"
else
    echo "slow.sh: this machine offers no CPU quota (no cgroup that we may write, no cpulimit): not run: $*" >&2
fi
