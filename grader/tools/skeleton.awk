# SPDX-License-Identifier: BSD-2-Clause
#
# Makes the file that students complete out of the reference solution.
#
#   awk -f skeleton.awk solutions/1-rings/segments.c >labs/1-rings/segments.c
#
# In C the comment that opens a solution holds the text that stands in its place:
#       /* BEGIN SOLUTION
#       placeholder lines
#       */
#       the solution
#       /* END SOLUTION */
# In NASM the placeholder lines start with ";|":
#       ; BEGIN SOLUTION
#       ;| placeholder
#       the solution
#       ; END SOLUTION
# Where there is a placeholder, the skeleton says "YOUR CODE HERE" above it. A region without
# one disappears. Anything that is out of order is an error.

function fail(problem)
{
	printf "%s:%d: %s\n", FILENAME, FNR, problem >"/dev/stderr"
	failed = 1
	exit 1
}

function placeholder(line)
{
	if (!announced) {
		indent = line
		sub(/[^ \t].*/, "", indent)
		print indent (assembly ? "; YOUR CODE HERE" : "/* YOUR CODE HERE */")
		announced = 1
	}
	print line
}

BEGIN { state = "outside" }

FNR == 1 { assembly = FILENAME ~ /\.asm$/ }

/BEGIN SOLUTION/ {
	if (state != "outside")
		fail("BEGIN SOLUTION inside a solution")
	state = assembly ? "solution" : "placeholder"
	announced = 0
	regions++
	next
}

/END SOLUTION/ {
	if (state != "solution")
		fail("END SOLUTION without a beginning")
	state = "outside"
	skip_blank = !announced
	next
}

state == "placeholder" {
	if ($1 == "*/")
		state = "solution"
	else
		placeholder($0)
	next
}

state == "solution" {
	if (assembly && $1 == ";|") {
		sub(/;\| ?/, "")
		placeholder($0)
	}
	next
}

# A region that disappeared takes the blank line behind it along.
skip_blank && /^$/ {
	skip_blank = 0
	next
}

{
	skip_blank = 0
	print
}

END {
	if (!failed && state != "outside")
		fail("BEGIN SOLUTION without END SOLUTION")
	if (!failed && !regions)
		fail("no solution is marked in this file")
	exit failed
}
