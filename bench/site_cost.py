"""What the site that `make demo` has brought up costs: memory, disk, and an idle minute of its agent."""
import datetime
import json
import os
import re
import subprocess
import threading
import time

import procfs

MINUTE = 60


def text(*command):
    return subprocess.run(command, text=True, capture_output=True, check=True).stdout


class Demo:
    """The demo's folders and processes."""

    def __init__(self, root):
        self.state = os.path.join(root, "demo/state")
        self.agent = self.process("agent")
        self.hub = self.process("hub")

    def process(self, name):
        """The ID of a program that demo/run has started, or None; a number that another process now has is not it."""
        try:
            with open(os.path.join(self.state, name + ".pid"), encoding="ascii") as file:
                pid = int(file.read())
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                return pid if f"farholm-{name}".encode() in file.read() else None
        except (OSError, ValueError):
            return None

    def log_times(self):
        """When the agent began and when its first plan was in place, from its log."""
        first = settled = None
        with open(os.path.join(self.state, "agent.log"), encoding="utf-8") as file:
            for line in file:
                if not re.match(r"\d{4}-\d\d-\d\dT\S+Z ", line):
                    continue
                when = datetime.datetime.fromisoformat(line.split()[0].replace("Z", "+00:00"))
                first = first or when
                if "is in place and healthy" in line:
                    settled = when
                    break
        return (settled - first).total_seconds() if settled else None

    def registry(self):
        return [pid for pid, (_, line) in procfs.processes().items()
                if "farholm-agent registry" in line and self.state in line]


class Peaks(threading.Thread):
    """Watches the PSS of the demo's agent and hub from the moment that they are there, while the site comes up."""

    def __init__(self, root):
        super().__init__(daemon=True)
        self.root, self.most, self.ended = root, {}, threading.Event()

    def run(self):
        while not self.ended.wait(0.25):
            demo = Demo(self.root)
            for name, pid in (("agent", demo.agent), ("hub with one site", demo.hub)):
                try:
                    if pid:
                        self.most[name] = max(self.most.get(name, 0), procfs.pss(pid))
                except (OSError, StopIteration):
                    continue

    def stop(self):
        self.ended.set()
        self.join()
        targets = {"agent": "12 MiB idle", "hub with one site": "40 MiB idle"}
        return [(f"{name}: PSS, peak while the site came up", procfs.mib(most), targets[name]) for name, most in self.most.items()]


def container_ids():
    """ID → name of the site's containers."""
    lines = text("docker", "ps", "--no-trunc", "--filter", "label=farholm.dev/site", "--format", "{{.ID}}\t{{.Names}}").splitlines()
    return dict(line.split("\t") for line in lines)


def cgroup_cpu_seconds(container):
    """Processor seconds of everything that ever ran in a container, from its cgroup: version 1 or 2."""
    for path, of in ((f"/sys/fs/cgroup/cpuacct/docker/{container}/cpuacct.usage", lambda words: int(words) / 1e9),
                     (f"/sys/fs/cgroup/cpu,cpuacct/docker/{container}/cpuacct.usage", lambda words: int(words) / 1e9),
                     (f"/sys/fs/cgroup/docker/{container}/cpu.stat", lambda words: int(re.search(r"usage_usec (\d+)", words).group(1)) / 1e6),
                     (f"/sys/fs/cgroup/system.slice/docker-{container}.scope/cpu.stat",
                      lambda words: int(re.search(r"usage_usec (\d+)", words).group(1)) / 1e6)):
        try:
            with open(path, encoding="ascii") as file:
                return of(file.read())
        except OSError:
            continue
    raise OSError(f"no cgroup of container {container[:12]} tells its processor time")


def engine_processes():
    """Docker Engine itself, its containerd and the shims that stand by the containers."""
    return [pid for pid, (name, _) in procfs.processes().items()
            if name in ("dockerd", "containerd", "docker-proxy") or name.startswith("containerd-shim")]


def site_cpu_seconds(demo):
    """Name → processor seconds so far of everything that is the site: containers, engine, agent, registry."""
    used = {short(name): cgroup_cpu_seconds(container) for container, name in container_ids().items()}
    used["Docker Engine"] = sum(procfs.cpu_seconds(pid) for pid in engine_processes())
    used["the agent"] = procfs.cpu_seconds(demo.agent)
    used["its registry"] = sum(procfs.cpu_seconds(pid) for pid in demo.registry())
    return used


def short(name):
    return re.sub(r"^store-0042-|-[0-9a-z]{5,8}$", "", name)


def processors_so_far(demo):
    used = site_cpu_seconds(demo)
    # The engine may be older than the site.
    total = sum(seconds for name, seconds in used.items() if name != "Docker Engine")
    return [("site: processor seconds from nothing to all layers healthy, without Docker Engine's", f"{total:.0f} s", "")]


def link_bytes(pid):
    """Of every TCP connection of a process to the hub: local port → (sent, received), without TCP's own headers."""
    found = {}
    lines = text("ss", "-tinpHO", "state", "established").splitlines()
    for line in lines:
        if f"pid={pid}," not in line:
            continue
        local, remote = line.split()[2:4]
        counts = [int(m.group(1)) if (m := re.search(rf"\b{name}:(\d+)", line)) else 0
                  for name in ("bytes_sent", "bytes_received")]
        if remote.endswith(":8443"):
            found[local] = tuple(counts)
    return found


def changed_files(folder, since):
    """The agent's own files that changed; volumes are what the site's apps keep."""
    found = []
    for path, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "volumes"]
        found += [name for name in names if os.lstat(os.path.join(path, name)).st_mtime > since]
    return found


def idle_minute(demo):
    """Rows for a minute in which nothing is asked of the site."""
    since, pid, hub = time.time(), demo.agent, demo.hub
    cpu, io, link, busy = procfs.cpu_seconds(pid), procfs.io(pid), link_bytes(pid), procfs.machine_busy_seconds()
    hub_cpu, hub_io = (procfs.cpu_seconds(hub), procfs.io(hub)) if hub else (0, {})
    site, began = site_cpu_seconds(demo), time.monotonic()
    time.sleep(MINUTE)
    took = time.monotonic() - began
    site = {name: (seconds - site.get(name, 0)) / took for name, seconds in site_cpu_seconds(demo).items()}
    cpu, after, later = procfs.cpu_seconds(pid) - cpu, procfs.io(pid), link_bytes(pid)
    busy = procfs.machine_busy_seconds() - busy
    files = changed_files(os.path.join(demo.state, "agent"), since)
    # A connection that is new counts from nothing; one that is gone is told.
    sent, received = (sum(later[c][i] - link.get(c, (0, 0))[i] for c in later) for i in (0, 1))
    gone = len(set(link) - set(later))
    rows = [("agent: processor seconds, idle minute", f"{cpu:.3f} s ({cpu / MINUTE * 100:.2f} % of one processor)", ""),
            ("agent: written to disk, idle minute",
             f"{after['write_bytes'] - io['write_bytes']} bytes, {len(files)} files changed{': ' + ', '.join(files[:3]) if files else ''}", "0 bytes"),
            ("agent: bytes of all its write calls, idle minute", f"{after['wchar'] - io['wchar']} (log lines, pipes and sockets included)", ""),
            ("link: bytes, idle minute", f"{sent} sent by the agent, {received} by the hub, {len(later)} connection{'s' * (len(later) != 1)}"
             + (f", {gone} ended meanwhile" if gone else ""), "")]
    if hub:
        hub_later = procfs.io(hub)
        rows.append(("hub with one site: processor, idle minute", f"{(procfs.cpu_seconds(hub) - hub_cpu) * 1000:.0f} ms", ""))
        rows.append(("hub with one site: written to disk, idle minute", f"{hub_later['write_bytes'] - hub_io['write_bytes']} bytes", ""))
    # From the cgroups of the containers: what else the machine does is not in it.
    rows.append(("site: processors that it needs, idle", f"{sum(site.values()):.2f} (" + ", ".join(
        f"{name} {share:.3f}" for name, share in sorted(site.items(), key=lambda each: -each[1])) + ")", ""))
    rows.append(("whole machine: processors busy, idle minute", f"{busy / MINUTE:.2f}", ""))
    return rows


def size_of(words):
    number, unit = re.match(r"([\d.]+)\s*([kKMGT]?i?)B", words).groups()
    base = 1024 if unit.endswith("i") else 1000
    return float(number) * base ** " KMGT".index(unit[:1].upper() or " ")


def disk_of(*folders):
    return int(text("du", "-s", "-c", "-B1", *folders).splitlines()[-1].split()[0])


def containers():
    """Name → memory in bytes (page cache that can go is not counted) of the site's containers."""
    names = text("docker", "ps", "--filter", "label=farholm.dev/site", "--format", "{{.Names}}").split()
    lines = text("docker", "stats", "--no-stream", "--format", "{{.Name}}\t{{.MemUsage}}", *names).splitlines()
    return {name: size_of(usage.split("/")[0].strip()) for name, usage in (line.split("\t") for line in lines)}


def engine_pss():
    return sum(procfs.pss(pid) for pid in engine_processes())


def totals(demo):
    rows = []
    agent, registry = procfs.pss(demo.agent), sum(procfs.pss(pid) for pid in demo.registry())
    rows.append(("agent: PSS, idle", procfs.mib(agent), "12 MiB"))
    peak = re.search(r"VmHWM:\s+(\d+)", open(f"/proc/{demo.agent}/status", encoding="ascii").read()).group(1)
    rows.append(("agent: largest resident size so far (shared libraries counted wholly)", procfs.mib(int(peak) * 1024), ""))
    rows.append(("agent: its registry, PSS", procfs.mib(registry), ""))
    if demo.hub:
        rows.append(("hub with one site: PSS, idle", procfs.mib(procfs.pss(demo.hub)), "40 MiB"))
    memory = containers()
    for name, used in sorted(memory.items()):
        rows.append((f"site: memory of {short(name)}", procfs.mib(used), ""))
    engine = engine_pss()
    rows.append(("site: memory of Docker Engine, PSS", procfs.mib(engine), ""))
    rows.append(("site: memory, all of the above but the hub", procfs.mib(sum(memory.values()) + engine + agent + registry), ""))
    agent_folder = os.path.join(demo.state, "agent")
    volumes = [v["Mountpoint"] for v in json.loads(text("docker", "volume", "inspect", *text(
        "docker", "volume", "ls", "-q", "--filter", "label=farholm.dev/site").split()))]
    names = text("docker", "ps", "-aq", "--filter", "label=farholm.dev/site").split()
    images = set(text("docker", "inspect", "-f", "{{.Image}}", *names).split())
    image_bytes = sum(int(size) for size in text("docker", "image", "inspect", "-f", "{{.Size}}", *images).split())
    content, used = disk_of(agent_folder), disk_of(*volumes)
    rows.append(("site: disk, the agent's folder (content of all layers)", procfs.mib(content), ""))
    rows.append(("site: disk, volumes of the containers", procfs.mib(used), ""))
    rows.append(("site: disk, images in Docker Engine", procfs.mib(image_bytes), ""))
    rows.append(("site: disk, all of it", procfs.mib(content + used + image_bytes), ""))
    took = demo.log_times()
    if took is not None:
        rows.append(("site: agent start to all layers healthy, app answering", f"{took:.0f} s", "1.3 × bare"))
    return rows


def measure(root):
    demo = Demo(root)
    if demo.agent is None:
        return None
    return totals(demo) + idle_minute(demo)
