#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# GDB on a machine that boots guests: gdb.sh LAB FROM "GUEST words"...
#
#   BARE=1           the guest with no monitor
#   EMULATOR=qemu    QEMU instead of Bochs: faster, but its processor checks no segment limits
#   TEST=t SEED=s    the machine of that failed graded test, where the judge saw it go wrong
#   GDBARGS=         more arguments for GDB, as one would type them: GDBARGS="-batch -x script"
#
# Everything has been built before. It is run in the kit's folder.
set -eu

lab=$1 from=$2
shift 2
out=build/monitor/$lab-${from//\//_}
monitor=$out/monitor.elf
memory=64

fail() {
	printf 'gdb: %s\n' "$1" >&2
	exit 2
}

file_of() { # GUEST -> its file: one with a driver lies beside the monitor
	if [ -f "build/guests/driverless/$1.o" ]; then
		echo "$out/guests/$1.elf"
	else
		echo "build/guests/$1.elf"
	fi
}

quote() { # WORD... -> one string for the shell that GDB starts; GDB cuts blanks off its end
	local words
	printf -v words '%q ' "$@"
	printf '%s' "${words% }"
}

# ---- what is to be booted ----

guests=() boots=()
for guest in "$@"; do
	read -r name words <<<"$guest"
	file=$(file_of "$name")
	[ -f "$file" ] || fail "there is no guest $name. There are: $(cd build/guests && basename -s .elf -- *.elf | xargs)"
	guests+=("$file")
	boots+=("$file${words:+ $words}")
done

# The machine of a failed test: the judge has left its disk, and a file that says the rest.
failure=() tick=
if [ -n "${TEST:-}" ]; then
	seed=${SEED:-1}
	[ "${EMULATOR:-bochs}" = bochs ] || fail "a failed test is opened in Bochs, where it was judged"
	folder=build/failures/$lab/$TEST-$seed
	[ -f "$folder/machine" ] || fail "no failure of $TEST with seed $seed is recorded. Judge it first: make grade LAB=$lab FROM=$from TEST=$TEST SEED=$seed"
	guests=() boots=() second=() BARE=1 megs=
	while read -r key value; do
		case $key in
		from) [ "$value" = "$from" ] || fail "the recorded failure of $TEST is one of FROM=$value. Judge this one first: make grade LAB=$lab FROM=$from TEST=$TEST SEED=$seed" ;;
		tick) tick=$value ;;
		megs) megs=$value ;;
		monitor) BARE='' monitor=$folder/$value ;;
		second) second=(--second-disk "$folder/$value") ;;
		guest)
			file=$folder/$value.elf # of one with a driver
			[ -f "$file" ] || file=build/guests/$value.elf
			guests+=("$file") boots+=("$file")
			;;
		esac
	done <"$folder/machine"
	failure=(--disk "$folder/disk.img" --megs "$megs" "${second[@]}")
fi
[ ${#guests[@]} -gt 0 ] || fail "name a guest: make gdb GUEST=hello"

if [ -n "${BARE:-}" ]; then
	[ ${#guests[@]} = 1 ] || fail "the bare machine runs one guest"
	first=${guests[0]} start=guest_start
else
	[ -f "$monitor" ] || fail "$monitor is not built: make organs LAB=$lab FROM=$from"
	first=$monitor start=monitor_main
fi

# ---- the machine, at the other end of a pipe: it ends with GDB ----

bochs() {
	local command=(build/grader/bridge)
	[ -n "${BARE:-}" ] || command+=(--monitor "$monitor")
	quote "${command[@]}" "${failure[@]}" "${boots[@]}"
}

qemu() {
	# GDB talks on the standard streams. What the machine prints goes straight into the standard error,
	# a socket that GDB shows before it looks at what the machine has answered: so nothing is lost when
	# the machine ends. The signal: QEMU does not end by itself when GDB is killed.
	local command=(setpriv --pdeathsig KILL qemu-system-i386 -S -gdb stdio -m "$memory" -display none
		-no-reboot -monitor none -chardev "socket,id=log,fd=3" -chardev "socket,id=console,fd=4"
		-device "isa-debugcon,chardev=log" -serial chardev:console)
	if [ -n "${BARE:-}" ]; then
		command+=(-kernel "${guests[0]}" -append "${boots[0]#"${guests[0]}"}")
		[ ! -f "${guests[0]%.elf}.disk" ] ||
			command+=(-drive "file=${guests[0]%.elf}.disk,format=raw,if=ide,index=2,snapshot=on")
	else
		local modules=() i
		for i in "${!guests[@]}"; do # each guest's disk is the module behind it
			modules+=("${boots[i]}")
			[ ! -f "${guests[i]%.elf}.disk" ] || modules+=("${guests[i]%.elf}.disk")
		done
		command+=(-kernel "$monitor" -initrd "$(IFS=,; echo "${modules[*]}")")
	fi
	quote bash -c "exec 3>&2 4>&2; exec $(quote "${command[@]}")"
}

case ${EMULATOR:-bochs} in
bochs) machine=$(bochs) there=() ;;
qemu)
	command -v qemu-system-i386 >/dev/null || fail "QEMU is not installed: apt-get install qemu-system-x86"
	machine=$(qemu) there=(-ex "tbreak $start" -ex continue)
	;;
*) fail "EMULATOR is bochs or qemu" ;;
esac
[ -z "$tick" ] || there=(-ex "monitor until-tick $tick" -ex continue)

# GDB's full-screen mode leaves rubbish on tmux's screen where it takes tmux at its own word.
case ${TERM:-} in
tmux*) export TERM=screen-256color ;;
esac
export RINGFENCE_GUESTS="${guests[*]}"
arguments=()
eval "arguments=(${GDBARGS:-})"
exec gdb -q "$first" -x grader/gdb/ringfence.py -ex "target remote | exec $machine" "${there[@]}" "${arguments[@]}"
