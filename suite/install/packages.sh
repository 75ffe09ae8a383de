#!/usr/bin/env bash
# Install the Debian packages of packages.txt whose command is missing: packages.sh PURPOSE...
# Does nothing, and needs no privileges, if all of them are installed.
set -euo pipefail
PATH="$PATH:/usr/sbin:/sbin"  # an ordinary user's PATH may lack them

missing=()
while read -r package command purpose; do
    [[ "$package" == "#"* || -z "$package" ]] && continue
    [[ " $* " == *" $purpose "* ]] || continue
    command -v "$command" >/dev/null || missing+=("$package")
done <"$(dirname "$0")/packages.txt"
if [[ ${#missing[@]} -eq 0 ]]; then
    exit 0
fi
echo "installing Debian packages: ${missing[*]}"
if ! command -v apt-get >/dev/null; then
    echo "error: no apt-get here; install what corresponds to them yourself" >&2
    exit 2
fi
as_root=()
if [[ $EUID -ne 0 ]]; then
    as_root=(sudo)
fi
"${as_root[@]}" apt-get update -q
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -q -y --no-install-recommends "${missing[@]}"
