# Words for people: progress, failures with the tail of the log, and how to go on.

said_by=setup

say() { printf "$said_by: %s\n" "$*"; }

# fail LINE...: says what is wrong and how to put it right, and ends.
fail() {
  printf "$said_by: %s\n" "$@" >&2
  exit 69
}

# logged COMMAND...: runs it with its output in the log; the tail is shown if it fails.
logged() {
  printf '\n$ %s\n' "$*" >>"$log"
  "$@" >>"$log" 2>&1 && return
  printf "$said_by: \"%s\" failed; the last lines of %s:\n" "$*" "$log" >&2
  tail -n 20 "$log" | sed 's/^/    /' >&2
  return 1
}
