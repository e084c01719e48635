#!/bin/sh
# The same steps as a careful user would run them: what does not depend on each other side by side, 16 at a time. The grants
# on one endpoint stay one after the other, since each is a read-modify-write of the same policy.
. "$(dirname "$0")/procedure.sh"

WIDTH=16
side_by_side() { # command, items...
  command=$1
  shift
  running=0
  pids=''
  for item in "$@"; do
    $command "$item" &
    pids="$pids $!"
    running=$((running + 1))
    if [ "$running" -ge "$WIDTH" ]; then
      set -- $pids
      wait "$1"
      shift
      pids="$*"
      running=$((running - 1))
    fi
  done
  for pid in $pids; do wait "$pid"; done
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
read_member() { member_of "$1" >"$scratch/$1"; }
serve() {
  endpoint=$(register "$1")
  for member in $members; do grant "$endpoint" "$member"; done
}

side_by_side bind $ENGINES
side_by_side read_member $ENGINES
members=$(cat "$scratch"/*)
side_by_side serve $KEYS
side_by_side verify $ENGINES
