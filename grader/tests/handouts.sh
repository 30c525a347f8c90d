#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# What a handout or a deck promises is there: handouts.sh [FILE...] (without FILE: all of them).
#
# - A handout names each graded test of its lab ("Judged by" ...), or says "the remaining tests";
#   and each test that it names exists. "about N lines" is what the reference has, within a fifth.
# - A number in a handout that a command has measured is followed by its name in slides/figures.tsv:
#   "125 <!-- 3: exits of a fork -->" must be what stands there, within a twentieth.
# - Files, guests and make's targets that a handout or a deck mentions exist.
# - A deck's pictures exist, and its figures stand in slides/figures.tsv.
set -u

failed=0

complain() { # FILE TEXT
	echo "FAILED $1: $2"
	failed=1
}

# ---- graded tests ----

backquoted() {
	grep -o "\`[^\`]*\`" | tr -d "\`"
}

tests_of() { # FOLDER of a lab -> its graded tests
	sed -n 's/^\t{&\([a-z0-9_]*\), .*/\1/p' "grader/labs/${1#*-}"_*.c | grep -vxFf <(
		sed -n 's/^\t{&\([a-z0-9_]*\), .*/\1/p' "grader/labs/${1#*-}"*_bench.c 2>/dev/null
	)
}

# The words between backquotes of each paragraph that begins with "Judged by".
tests_named() { # FILE
	awk '/^Judged by/ { judged = 1 } /^$/ { judged = 0 } judged' "$1" | backquoted | grep -v ' '
}

check_tests() { # FILE FOLDER
	local there named name
	there=$(tests_of "$2" | sort)
	named=$(tests_named "$1" | sort)
	[ -n "$there" ] || complain "$1" "no graded test of $2 was found in grader/labs"
	for name in $(comm -13 <(echo "$there") <(echo "$named" | uniq)); do
		complain "$1" "it names the graded test $name, which does not exist"
	done
	for name in $(uniq -d <<<"$named"); do
		complain "$1" "it names the graded test $name twice"
	done
	grep -q '^Judged by the remaining tests' "$1" && return
	for name in $(comm -23 <(echo "$there") <(echo "$named" | uniq)); do
		complain "$1" "it does not name the graded test $name"
	done
}

check_lines() { # FILE FOLDER
	local said counted
	said=$(grep -oE 'about [0-9]+ lines' "$1" | grep -oE '[0-9]+' | head -n 1)
	counted=$(grader/skeletons.sh lines | awk -v folder="$2/" 'index($2, folder) == 1 { n += $1 } END { print n + 0 }')
	if [ -z "$said" ]; then
		complain "$1" "it does not say how many lines the reference needs (\"about N lines\")"
	elif [ $((said * 5)) -gt $((counted * 6)) ] || [ $((said * 6)) -lt $((counted * 5)) ]; then
		complain "$1" "it says about $said lines; the reference has $counted (grader/skeletons.sh lines)"
	fi
}

# ---- measured numbers ----

check_figures() { # FILE
	local line
	while read -r line; do
		complain "$1" "$line"
	done < <(awk -F '\t' '
		FNR == NR { bare[$1 ": " $2] = $3; monitor[$1 ": " $2] = $4; next }
		{
			line = $0
			while (match(line, /[0-9][0-9,]* <!-- [0-9]: [^>]* -->/)) {
				said = key = substr(line, RSTART, RLENGTH)
				line = substr(line, RSTART + RLENGTH)
				sub(/ .*/, "", said); gsub(/,/, "", said)
				sub(/^[^!]*!-- /, "", key); sub(/ -->$/, "", key)
				name = key
				found = sub(/, bare$/, "", name) ? bare[name] : monitor[name]
				if (found == "")
					print "slides/figures.tsv has no figure " key
				else if (said * 20 > found * 21 || said * 21 < found * 20)
					print "it says " said " for " key "; slides/figures.tsv says " found
			}
		}' slides/figures.tsv "$1")
}

# ---- commands and files ----

# What stands behind four blanks or between backquotes.
quoted() { # FILE
	sed -n 's/^    //p' "$1"
	grep -v '^    ' "$1" | backquoted
}

check_commands() { # FILE
	local command target guest folder
	while read -r command; do
		target=$(awk '{ for (i = 2; i <= NF; i++) if ($i !~ /=/) { print $i; exit } }' <<<"$command")
		[ -z "$target" ] || grep -q "^$target:" Makefile monitor/monitor.mk ||
			complain "$1" "make has no target $target: $command"
		guest=$(sed -n 's/.*GUEST=\([a-z0-9]*\).*/\1/p' <<<"$command")
		[ -z "$guest" ] || [ -d "guests/$guest" ] || complain "$1" "there is no guest $guest: $command"
		folder=$(sed -n 's/.*LAB=\([0-9]\).*/\1/p' <<<"$command")
		[ -z "$folder" ] || ls -d "labs/$folder-"* >/dev/null 2>&1 ||
			complain "$1" "there is no lab $folder: $command"
	done < <(quoted "$1" | grep -o '^make [^#]*' | sed 's/"[^"]*"//g; s/ *$//')
}

check_files() { # FILE FOLDER
	local name
	for name in $(quoted "$1" | grep -oE '(^|[ "])[A-Za-z0-9_./-]+\.(c|h|asm|md|txt|gdb|sh|mk|svg)\b' | tr -d ' "' | sort -u); do
		case $name in
		build/*) ;;
		*/*) [ -e "$name" ] || complain "$1" "there is no file $name" ;;
		*)
			[ -e "labs/$2/$name" ] || [ -e "solutions/$2/$name" ] ||
				[ -n "$(find monitor guests labs slides -name "$name" -print -quit)" ] ||
				complain "$1" "there is no file $name"
			;;
		esac
	done
}

# ---- decks ----

check_deck() { # FILE
	local name
	while read -r name; do
		[ -e "slides/$name" ] || [ -e "slides/${name%.svg}.dot" ] ||
			complain "$1" "there is no picture slides/$name"
	done < <(grep -oE '\]\([^)]*\.svg\)' "$1" | sed 's/](\(.*\))/\1/')
	grader/slides.sh text "$1" >/dev/null || failed=1
}

files=("$@")
[ $# -gt 0 ] || files=(labs/*/README.md slides/*-*.md)
for file in "${files[@]}"; do
	case $file in
	*slides/*)
		folder=$(basename "$file" .md)
		check_deck "$file"
		;;
	*)
		folder=$(basename "$(dirname "$file")")
		check_tests "$file" "$folder"
		check_lines "$file" "$folder"
		check_figures "$file"
		;;
	esac
	check_commands "$file"
	check_files "$file" "$folder"
done
exit $failed
