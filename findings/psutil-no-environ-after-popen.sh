#!/usr/bin/env bash
# A process that was just started has a name and neither environment nor command line.
#
# Versions:   psutil 7.0.0 (PyPI) on Python 3, Linux (seen on 6.18) with two cores or more.
# Belief:     subprocess.Popen returns when the new program was executed (it would raise if that failed), so
#             psutil.Process(pid).environ() and .cmdline() are those of the new program from then on.
# What is so: they are often {} and [], without any error, although .name() is that of the new program. Linux gives the
#             parent the word of a successful exec (close-on-exec pipe, end of vfork) when the old memory is gone, and
#             writes arguments and environment into the new memory after that; /proc shows empty files meanwhile. Who
#             recognises processes by a variable, or by a word of the command line, misses those that were just started.
# Output seen (the first two numbers differ from run to run):
#             of 2000 processes right after Popen: 1232 without environment, 1229 without command line
#             of these with the name of the new program: all
#             after a wait until the environment was there: 2000 as given
#
# Exit codes: 0 as described, 1 not so any more, 69 psutil can't be installed.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/python" && "$work/python/bin/pip" install --quiet --disable-pip-version-check psutil==7.0.0 || exit 69

timeout 120 "$work/python/bin/python" - <<'PYTHON'
import subprocess
import sys
import time

import psutil

ROUNDS = 2000
no_environment = no_command = named = complete = 0
for _ in range(ROUNDS):
    child = subprocess.Popen(["sleep", "60"], env={"PATH": "/usr/bin:/bin", "MARK": "1"})
    try:
        process = psutil.Process(child.pid)
        environment, command, name = process.environ(), process.cmdline(), process.name()
        if not environment:
            no_environment += 1
            named += name == "sleep"
        no_command += not command
        until = time.monotonic() + 10
        while not process.environ() and time.monotonic() < until:
            time.sleep(0)
        complete += process.environ().get("MARK") == "1"
    finally:
        child.kill()
        child.wait()

print(f"psutil {psutil.__version__}, Python {sys.version.split()[0]}")
print(
    f"of {ROUNDS} processes right after Popen: {no_environment} without environment, "
    f"{no_command} without command line"
)
print(f"of these with the name of the new program: {'all' if named == no_environment else named}")
print(f"after a wait until the environment was there: {complete} as given")
sys.exit(0 if no_environment and no_command and complete == ROUNDS else 1)
PYTHON
