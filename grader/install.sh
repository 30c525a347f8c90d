#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Installs the Debian packages named as arguments, as far as they are missing, and says so first.
set -eu

missing=
for package in "$@"; do
	dpkg-query -W -f='${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
		missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
	echo "ringfence: these packages are missing, and there is no apt-get here to install them:$missing" >&2
	exit 2
fi
if [ "$(id -u)" = 0 ]; then
	root=
elif command -v sudo >/dev/null && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
	root=sudo
else
	echo "ringfence: these packages are missing. Ask someone who may, to run:" >&2
	echo "    apt-get install --no-install-recommends$missing" >&2
	exit 2
fi

echo "ringfence: installing with apt-get:$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# $missing and $root are lists of words
# shellcheck disable=SC2086
if ! { $root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $root apt-get install -y -qq \
	--no-install-recommends $missing; } >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "ringfence: apt-get could not install them (its last lines stand above)" >&2
	exit 2
fi
