#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The fuzzers of the monitor (grader/fuzz): hostile guests by the thousand, until one breaks a rule.
# WHAT is `traps` (lab 2) or `virtio` (lab 5).
#
#   fuzz.sh WHAT run SECONDS JOBS   that much processor time, from seeds/fuzz and from what earlier
#                                   runs found; new inputs are left in build/fuzz/corpus-WHAT
#   fuzz.sh WHAT minimize           they and seeds/fuzz/WHAT become a new, small seeds/fuzz/WHAT
#
# An input that breaks a rule is kept in build/fuzz/findings; FUZZ_TRACE=1 build/fuzz/replay FILE
# (replay_virtio) shows it once more, and for traps what its guest did.
set -eu

what=${1:-}
fuzzer=build/fuzz/fuzz_$what
seeds=seeds/fuzz/$what
corpus=build/fuzz/corpus-$what
case $what in
traps) more=(-dict=grader/fuzz/traps.dict seeds/fuzz/known) replay=replay ;; # known: found something once
virtio) more=(seeds/fuzz/known-virtio) replay=replay_virtio ;;
esac
findings=build/fuzz/findings
logs=build/fuzz/logs
longest=600 # bytes of an input

usage() {
	sed -n '6,8s/^#   //p' "$0" >&2
	exit 2
}

# One process after the other until the time is spent: a busy machine takes longer, and does as much.
job() { # NUMBER SECONDS
	local log=$logs/$1 left=$2
	: >"$log"
	while [ "$left" -gt 0 ]; do
		"$fuzzer" -max_total_time="$left" -max_len=$longest -timeout=10 \
			-artifact_prefix="$findings/" -print_final_stats=1 "$corpus" "$seeds" "${more[@]}" >>"$log" 2>&1 || return 1
		times >"$log.times" # not in a subshell, which would have no children yet
		left=$(awk -v all="$2" 'NR == 2 { split($1, t, "[ms]"); print int(all - t[1] * 60 - t[2]) }' \
			"$log.times")
	done
}

run() { # SECONDS JOBS
	local number jobs=() failed=0
	mkdir -p "$corpus" "$findings" "$logs"
	rm -f "$logs"/*
	for number in $(seq "$2"); do
		job "$number" $((($1 + $2 - 1) / $2)) &
		jobs+=($!)
	done
	for number in "${jobs[@]}"; do
		wait "$number" || failed=1
	done
	if [ "$failed" = 1 ]; then
		grep -ahE -m 1 'FINDING|ERROR: AddressSanitizer|runtime error|ERROR: libFuzzer' "$logs"/* >&2
		grep -ahE 'Test unit written' "$logs"/* >&2
		echo "fuzz: look at it with: FUZZ_TRACE=1 build/fuzz/$replay FILE" >&2
		exit 1
	fi
	awk '/stat::number_of_executed_units/ { executions += $2 }
		/ cov: / { for (i = 1; i < NF; i++) { if ($i == "cov:" && $(i + 1) > edges) edges = $(i + 1)
			if ($i == "ft:" && $(i + 1) > features) features = $(i + 1) } }
		END { printf "%d executions, %d edges of the monitor, %d features: nothing found\n",
			executions, edges, features }' "$logs"/*
}

minimize() {
	local fresh=build/fuzz/minimal
	rm -rf "$fresh"
	mkdir -p "$fresh" "$corpus" "$seeds"
	"$fuzzer" -set_cover_merge=1 -max_len=$longest "$fresh" "$seeds" "$corpus" >/dev/null 2>&1
	rm -rf "$seeds"
	mv "$fresh" "$seeds"
	echo "$(find "$seeds" -type f | wc -l) inputs, $(cat "$seeds"/* | wc -c) bytes"
}

[ -n "${replay:-}" ] || usage
case ${2:-} in
run) [ $# = 4 ] || usage && run "$3" "$4" ;;
minimize) minimize ;;
*) usage ;;
esac
