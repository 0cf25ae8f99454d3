"""How long building takes: cold, and again after a small change. `bench/build_time.py` alone prints it.

The release programs, in a build folder of their own, without the compiler cache, on two processors (taskset), so
that the figure means the same on a large machine. Nothing of the sources is changed: the file that was "changed"
gets its old time back.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

PROCESSORS = 2
TARGETS = ("farholm-hub", "farholm-agent", "farholm")
# One file that nobody includes, and one header that half of the project does.
TOUCHED = (("one .cpp", "src/hub/pairing.cpp"), ("a header of the ground", "src/base/result.h"))
COLD = "build: the programs, cold, 2 processors, no compiler cache"
COLD_TARGET = "5 min"


def not_measured():
    return [(COLD, "not measured: `bench/run --build`", COLD_TARGET)]


def timed(command, folder, environment):
    begin = time.monotonic()
    done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stdout[-1500:]}")
    return time.monotonic() - begin


def minutes(seconds):
    return f"{int(seconds // 60)} min {seconds % 60:.0f} s" if seconds >= 60 else f"{seconds:.1f} s"


def measure(root):
    """Rows of the table."""
    environment = dict(os.environ, CCACHE_DISABLE="1")
    processors = sorted(os.sched_getaffinity(0))[:PROCESSORS]
    pinned = ["taskset", "-c", ",".join(map(str, processors))]
    build = tempfile.mkdtemp(prefix="farholm-build-", dir="/var/tmp")
    ninja = pinned + ["ninja", "-C", build, "-j", str(PROCESSORS), *TARGETS]
    rows = []
    try:
        configuring = timed(pinned + ["cmake", "--preset", "release", "-B", build], root, environment)
        cold = timed(ninja, root, environment)
        count = subprocess.run(["ninja", "-C", build, "-t", "commands", *TARGETS], capture_output=True, text=True, check=True).stdout.count(" -c ")
        rows.append((COLD, f"{minutes(configuring + cold)} ({count} files, {len(processors)} processors)", COLD_TARGET))
        rows.append(("build: nothing changed", minutes(timed(ninja, root, environment)), ""))
        for name, path in TOUCHED:
            touched = os.path.join(root, path)
            before = os.stat(touched)
            try:
                os.utime(touched)
                rows.append((f"build: again after a change of {name} ({path})", minutes(timed(ninja, root, environment)),
                             "15 s" if path.endswith(".cpp") else ""))
            finally:
                os.utime(touched, ns=(before.st_atime_ns, before.st_mtime_ns))
    finally:
        shutil.rmtree(build, ignore_errors=True)
    return rows


if __name__ == "__main__":
    for row in measure(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))):
        print(f"{row[0]}: {row[1]}" + (f" (target {row[2]})" if row[2] else ""))
    sys.exit(0)
