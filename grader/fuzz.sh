#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The fuzzer of the monitor (grader/fuzz): hostile guests by the thousand, until one breaks a rule.
#
#   fuzz.sh run SECONDS JOBS   that much processor time, from seeds/fuzz and from what earlier runs
#                              found; new inputs are left in build/fuzz/corpus
#   fuzz.sh minimize           seeds/fuzz and build/fuzz/corpus become a new, small seeds/fuzz/traps
#
# An input that breaks a rule is kept in build/fuzz/findings; FUZZ_TRACE=1 build/fuzz/replay FILE
# shows what its guest did.
set -eu

fuzzer=build/fuzz/fuzz_traps
seeds=seeds/fuzz/traps
known=seeds/fuzz/known # inputs that have found something once, and others made by hand
corpus=build/fuzz/corpus
findings=build/fuzz/findings
logs=build/fuzz/logs
longest=600 # bytes of an input

usage() {
	sed -n '5,7s/^#   //p' "$0" >&2
	exit 2
}

# One process after the other until the time is spent: a busy machine takes longer, and does as much.
job() { # NUMBER SECONDS
	local log=$logs/$1 left=$2
	: >"$log"
	while [ "$left" -gt 0 ]; do
		"$fuzzer" -max_total_time="$left" -max_len=$longest -timeout=10 -dict=grader/fuzz/traps.dict \
			-artifact_prefix="$findings/" -print_final_stats=1 "$corpus" "$seeds" "$known" >>"$log" 2>&1 || return 1
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
		echo "fuzz: look at it with: FUZZ_TRACE=1 build/fuzz/replay FILE" >&2
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

case ${1:-} in
run) [ $# = 3 ] || usage && run "$2" "$3" ;;
minimize) minimize ;;
*) usage ;;
esac
