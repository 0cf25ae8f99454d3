"""How soon an agent answers after its start, and what it costs while it waits for a plan."""
import time

import hostile_targets
import procfs

STARTS = 5


def measure(programs):
    """Rows of the table. The answer is that of the local door, which `farholm-agent status` asks."""
    target = hostile_targets.Control(programs)
    try:
        times = []
        for _ in range(STARTS):
            target.stop()
            begin = time.monotonic()
            target.launch()
            while target.problem() is not None:
                if target.process.poll() is not None or time.monotonic() - begin > 30:
                    raise RuntimeError(f"the agent does not start: {target.problem()}")
                time.sleep(0.001)
            times.append(time.monotonic() - begin)
        time.sleep(1)
        return [("agent: start to first answer, empty state", f"{sorted(times)[STARTS // 2] * 1000:.0f} ms (median of {STARTS})", ""),
                ("agent: PSS idle, nothing to do", procfs.mib(procfs.pss(target.pid)), "12 MiB")]
    finally:
        target.close()
