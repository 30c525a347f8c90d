#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Runs the kit's own tests in parallel: check.sh fast|all JOBS. Each test is a command that ends
# with status 0; what it printed lies in build/check/NAME.log and is shown where it failed.
set -u

which=$1 jobs=$2
logs=build/check
rm -rf "$logs"
mkdir -p "$logs"

labs=$(printf '%s\n' solutions/[1-9]-* | sed 's|.*/\([1-9]\)-.*|\1|')

# What takes ten seconds or more is not for `fast`.
slow='check_submission|check_driven|check_image|check_access|check_sandbox|check_bochs_trace|check_runner|check_guest_torture|gdb_traced|pocket_says'

# The longest first.
tests() {
	if [ "$which" = all ]; then
		for lab in $labs; do
			echo "twenty_seeds_$lab	grader/seeds.sh $lab 20"
		done
		echo "decoder_on_ten_million	build/grader/decode_oracle --random 10000000 --seed 1 --jobs 1"
	fi
	for lab in $labs; do
		if [ "$which" = fast ]; then
			echo "a_third_of_solution_$lab	build/grader/judge --lab $lab --from solutions --jobs 1 \$(build/grader/judge --lab $lab --list | awk 'NR % 3 == 0 { print \"--test\", \$3 }')"
		else
			echo "bench_of_lab_$lab	build/grader/bench build/monitor/$lab-solutions/monitor.elf $lab"
			echo "skeleton_${lab}_scores_little	grader/skeleton_scores_little.sh $lab"
		fi
	done
	for program in build/tests/check_*; do
		[ -x "$program" ] && echo "$(basename "$program")	$program"
	done
	for script in grader/tests/gdb/*.gdb; do
		echo "gdb_$(basename "$script" .gdb)	grader/gdb_test.sh $script"
	done
	for script in labs/*/walk.gdb; do
		echo "gdb_$(basename "$(dirname "$script")")_walk	grader/gdb_test.sh $script"
	done
	cat <<-'END'
		gdb_life	grader/tests/gdb/life.sh
		c_style	git ls-files '*.c' '*.h' | xargs clang-format --dry-run --Werror
		cppcheck_monitor	cppcheck -q --enable=warning,portability --inline-suppr --error-exitcode=1 --suppress=unmatchedSuppression --suppress=ctuuninitvar -Imonitor/include monitor solutions
		cppcheck_grader	cppcheck -q --enable=warning,portability --inline-suppr --error-exitcode=1 -Igrader/include -Imonitor/include grader
		cppcheck_pocket	cppcheck -q --enable=warning,portability --inline-suppr --error-exitcode=1 -Imonitor/include -Iguests/pocket/shared -Iguests/pocket/user/lib guests/pocket
		cppcheck_drivers	cppcheck -q --enable=warning,portability --inline-suppr --error-exitcode=1 -Imonitor/include -Iguests/lib guests/lib/virtio guests/blocks
		shell_style	shellcheck grader/*.sh grader/tests/*.sh grader/tests/gdb/*.sh
		skeletons_are_generated	grader/skeletons.sh build/check/labs && for f in $(cd build/check/labs && find . -type f); do cmp "build/check/labs/$f" "labs/$f" || exit 1; done
		monitor_says	grader/tests/monitor.sh
		pocket_says	grader/tests/pocket.sh
		disks_of_guests	grader/tests/disk.sh
		driver_of_guests	grader/tests/driver.sh
		fuzz_corpus	build/fuzz/replay seeds/fuzz/traps seeds/fuzz/known
		fuzz_corpus_of_virtio	build/fuzz/replay_virtio seeds/fuzz/virtio seeds/fuzz/known-virtio
		handouts	grader/tests/handouts.sh
		the_reference_is_within_its_budgets	grader/tests/budgets.sh
		decoder_on_own_text	build/grader/decode_oracle --text build/monitor/?-solutions/monitor.elf build/guests/*.elf
		qemu_boots_the_kernel	grader/qemu.sh build/monitor/1-solutions/monitor.elf build/guests/hello.elf | grep -q '^hello, world'
		qemu_boots_the_disk	DISK=1 grader/qemu.sh build/monitor/1-solutions/monitor.elf build/guests/hello.elf | grep -q '^hello, world'
	END
	[ "$which" = fast ] && return
	for patch in seeds/bugs/*/*.patch; do
		lab=${patch#seeds/bugs/}
		echo "bug_${lab%%-*}_$(basename "$patch" .patch)	grader/bug.sh ${lab%%-*} $patch"
	done
	for cheat in seeds/cheats/*/*/; do
		lab=${cheat#seeds/cheats/}
		echo "cheat_${lab%%-*}_$(basename "$cheat")	grader/cheat.sh ${lab%%-*} $cheat"
	done
	for lab in $labs; do
		echo "every_test_of_${lab}_catches_a_bug	grader/coverage.sh $lab"
	done
	echo "transcript_is_current	grader/transcript.sh check"
}

one() { # NAME COMMAND
	local start=$SECONDS
	if bash -c "$2" >"build/check/$1.log" 2>&1 </dev/null; then
		echo "ok     $1 ($((SECONDS - start)) s)"
	else
		echo "FAILED $1 ($((SECONDS - start)) s)"
		return 1
	fi
}
export -f one

for lab in $labs; do
	make --no-print-directory organs LAB="$lab" FROM=solutions || exit 1
done
if [ "$which" = fast ]; then
	tests | grep -vE "^($slow)	" >"$logs/tests"
else
	tests >"$logs/tests"
fi
progress=()
[ -t 2 ] && progress=(--bar)
parallel --will-cite "${progress[@]}" -j "$jobs" --colsep '\t' --joblog "$logs/joblog" one '{1}' '{2}' <"$logs/tests"
failed=$(awk 'NR > 1 && $7 != 0' "$logs/joblog" | wc -l)
total=$(wc -l <"$logs/tests")
awk -F '\t' 'NR > 1 && $7 != 0 { print $1 }' "$logs/joblog" | while read -r number; do
	name=$(sed -n "${number}p" "$logs/tests" | cut -f 1)
	echo "--- $name ($logs/$name.log):"
	tail -n 40 "$logs/$name.log"
done
echo "$((total - failed)) passed, $failed failed"
[ "$failed" = 0 ]
