#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Decks out of Markdown (Marp) and pictures out of Graphviz:
#
#   slides.sh build [DECK...]    build/slides/DECK.html and DECK.pdf; without DECK, all of slides/
#   slides.sh png DECK           build/slides/DECK.001.png ...: one picture a slide, to look at
#   slides.sh text DECK          the deck's Markdown, with its figures in their places
#   slides.sh figures            reads what `make bench` prints, and keeps it in slides/figures.tsv
#
# A deck has no measured number in its text. {{2: CLI}} stands for the figure of that name in lab 2's
# table, {{2: CLI, bare}} for the bare machine's, {{2: exits_per_character}} for a line of the lab's
# answers.txt. {{2: NAME / 100}} divides.
set -u

out=build/slides
figures=slides/figures.tsv
marp_version=4.5.1
marp=${MARP:-build/marp/node_modules/.bin/marp}

fail() {
	printf 'slides: %s\n' "$1" >&2
	exit 2
}

# ---- figures ----

# Rows: lab, name, bare, under the monitor. A name that has no bare figure has an empty one.
read_bench() {
	awk -F '  +' '
		/^Lab [0-9]+/ { lab = $1; sub(/Lab /, "", lab); sub(/,.*/, "", lab) }
		/^the debugger/ { lab = "" }
		!lab || !/^  .* [0-9]+$/ { next }
		{
			line = $0; value = $NF; sub(/^.* /, "", value)
			sub(/ +[0-9]+$/, "", line); sub(/^ +/, "", line)
			bare = ""; kind = "monitor"
			if (match(line, / \(bare: [a-z0-9]+\)$/)) {
				bare = substr(line, RSTART + 8, RLENGTH - 9)
				line = substr(line, 1, RSTART - 1)
			}
			if (sub(/, bare$/, "", line)) kind = "bare"
			sub(/, under the monitor$/, "", line)
			key = lab "\t" line
			if (!(key in seen)) { order[++count] = key; seen[key] = 1 }
			if (bare != "") bares[key] = bare
			if (kind == "bare") bares[key] = value; else values[key] = value
		}
		END { for (i = 1; i <= count; i++) print order[i] "\t" bares[order[i]] "\t" values[order[i]] }'
}

# What the reference answers; the grader measures the same.
read_answers() { # LAB
	sed -n "s/^\([a-z_]*\) = \(.*\)/$1\t\1\t\t\2/p" "solutions/$1"-*/answers.txt
}

figures() {
	local rows labs lab new
	rows=$(read_bench)
	[ -n "$rows" ] || fail "there is no table of a lab: make bench LAB=2 | grader/slides.sh figures"
	labs=$(cut -f 1 <<<"$rows" | sort -un)
	new=$(mktemp)
	if [ -f "$figures" ]; then
		grep -vE "^($(paste -sd '|' <<<"$labs"))	" "$figures" >"$new"
	else
		printf 'lab\tname\tbare\tmonitor\n' >"$new"
	fi
	for lab in $labs; do
		grep "^$lab	" <<<"$rows" >>"$new"
		read_answers "$lab" >>"$new"
	done
	cat "$new" >"$figures"
	rm "$new"
	echo "$figures has $(wc -l <"$figures") lines"
}

# ---- text ----

text() { # FILE -> the Markdown with figures; status 1 where one is missing
	[ -f "$1" ] || fail "there is no deck $1"
	[ -f "$figures" ] || fail "there is no $figures: make bench LAB=2 | grader/slides.sh figures"
	awk -F '\t' -v deck="$1" '
		function grouped(number) {
			while (match(number, /^[0-9]+[0-9][0-9][0-9]/))
				number = substr(number, 1, RLENGTH - 3) "," substr(number, RLENGTH - 2)
			return number
		}
		function value(key, plain, lab, bare, divisor, found) {
			lab = key; sub(/:.*/, "", lab); sub(/^[^:]*: */, "", key)
			plain = sub(/, plain$/, "", key)
			divisor = 1
			if (match(key, / \/ [0-9]+$/)) {
				divisor = substr(key, RSTART + 3); key = substr(key, 1, RSTART - 1)
			}
			bare = sub(/, bare$/, "", key)
			found = bare ? bares[lab, key] : values[lab, key]
			if (found == "") {
				print "FAILED " deck ": no figure " (bare ? "bare " : "") "for lab " lab ": " key >"/dev/stderr"
				missing = 1
				return "?"
			}
			found = int(found / divisor)
			return plain ? found : grouped(found "")
		}
		FNR == NR { bares[$1, $2] = $3; values[$1, $2] = $4; next }
		{
			line = $0; done = ""
			while (match(line, /\{\{[^}]*\}\}/)) {
				key = substr(line, RSTART + 2, RLENGTH - 4)
				done = done substr(line, 1, RSTART - 1)
				line = substr(line, RSTART + RLENGTH)
				done = done value(key)
			}
			print done line
		}
		END { exit missing }' "$figures" "$1"
}

# ---- build ----

tools() {
	command -v dot >/dev/null || fail "Graphviz is not installed: apt-get install graphviz"
	[ -n "${CHROME_PATH:-$(command -v chromium)}" ] || fail "no browser is installed: apt-get install chromium"
	[ -x "$marp" ] && return
	command -v npm >/dev/null || fail "npm is not installed: apt-get install npm"
	echo "installing Marp $marp_version into build/marp"
	npm install --silent --no-audit --no-fund --prefix build/marp "@marp-team/marp-cli@$marp_version" ||
		fail "Marp could not be installed into build/marp"
}

pictures() {
	local source
	mkdir -p "$out"
	for source in slides/*.dot; do
		[ -e "$source" ] || continue
		dot -Tsvg -o "$out/$(basename "$source" .dot).svg" "$source" || fail "$source is no picture"
	done
	for source in slides/*.svg; do
		[ ! -e "$source" ] || cp "$source" "$out/"
	done
}

run_marp() { # ARGUMENT...
	CHROME_PATH=${CHROME_PATH:-$(command -v chromium)} CHROME_NO_SANDBOX=1 timeout 300 "$marp" \
		--no-stdin --theme-set slides/theme.css --html --allow-local-files "$@" </dev/null >"$out/marp.log" 2>&1 ||
		fail "Marp failed: $(tail -n 3 "$out/marp.log")"
}

prepare() { # DECK -> its Markdown is in build/slides, its pictures beside it
	text "slides/$1.md" >"$out/$1.md" || exit 1
}

build() { # DECK...
	local deck
	tools
	pictures
	for deck in "$@"; do
		prepare "$deck"
		run_marp "$out/$deck.md" -o "$out/$deck.html"
		run_marp --pdf --pdf-notes "$out/$deck.md" -o "$out/$deck.pdf"
		echo "$out/$deck.html $out/$deck.pdf"
	done
}

png() { # DECK
	tools
	pictures
	prepare "$1"
	run_marp --images png "$out/$1.md" -o "$out/$1.png"
	echo "$out/$1.001.png ..."
}

all() {
	local deck
	for deck in slides/[0-9]*.md; do
		basename "$deck" .md
	done
}

case ${1:-} in
build)
	shift
	# shellcheck disable=SC2046 # names of decks have no blanks
	[ $# -gt 0 ] || set -- $(all)
	build "$@"
	;;
png) png "${2:?usage: slides.sh png DECK}" ;;
text) text "${2:?usage: slides.sh text slides/DECK.md}" ;;
figures) figures ;;
*)
	sed -n 's/^#   //p' "$0"
	exit 2
	;;
esac
