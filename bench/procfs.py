"""What the kernel tells of processes: memory, processor time, bytes written. Sizes in bytes, times in seconds."""
import os
import time

TICK = os.sysconf("SC_CLK_TCK")


def mib(size):
    return f"{size / (1 << 20):.1f} MiB"


def kib(size):
    return f"{size / 1024:.1f} KiB"


def pss(pid):
    """Proportional set size: what the process costs, its share of shared pages counted."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Pss:")) * 1024


def cpu_seconds(pid):
    """User and system time of all threads; the scheduler's own count where there is one, it is finer than a tick."""
    try:
        total = 0
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
                total += int(file.read().split()[0])
        return total / 1e9
    except FileNotFoundError:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK


def io(pid):
    """rchar, wchar, read_bytes, write_bytes, …"""
    with open(f"/proc/{pid}/io", encoding="ascii") as file:
        return {name: int(value) for name, value in (line.split(": ") for line in file)}


def machine_busy_seconds():
    """Processor seconds that the whole machine has spent on anything."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = [int(value) for value in file.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / TICK


def processes():
    """Process ID → (name, command line) of those in our own namespace of processes: not what runs in containers."""
    mine, found = os.readlink("/proc/self/ns/pid"), {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/ns/pid") != mine:
                continue
            with open(f"/proc/{pid}/comm", encoding="utf-8") as name, open(f"/proc/{pid}/cmdline", "rb") as line:
                found[int(pid)] = (name.read().strip(), line.read().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:
            continue
    return found


def started_at(pid):
    """When a process began, as time.time() tells it; to a tick."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        ticks = int(file.read().rsplit(")", 1)[1].split()[19])
    with open("/proc/uptime", encoding="ascii") as file:
        return time.time() - float(file.read().split()[0]) + ticks / TICK
