"""Ten runs in a row: neither the kernel nor the page grows on and on."""

from __future__ import annotations

import psutil
import pytest
from playwright.sync_api import expect

from ..conftest import QUICK, TRAINED_MS

RUNS = 10
KERNEL_MB = 40  # what the last five runs may add; one run's data and models are about 60
PAGE_MB = 3


def kernels(pid: int) -> list[psutil.Process]:
    children = psutil.Process(pid).children(recursive=True)
    return [child for child in children if "ipykernel_launcher" in " ".join(child.cmdline())]


@pytest.mark.full
def test_memory_levels_off_over_ten_runs_and_resets(open_lab, serve):
    server = serve()
    lab = open_lab(QUICK)
    session = lab.page.context.new_cdp_session(lab.page)
    kernel, page = [], []
    for _ in range(RUNS):
        lab.train()
        lab.button("Clear this run").click()
        expect(lab.page.locator(".kd-transport[data-state=idle]")).to_be_visible(timeout=TRAINED_MS)
        session.send("HeapProfiler.collectGarbage")
        page.append(session.send("Runtime.getHeapUsage")["usedSize"] / 2**20)
        busiest = max(kernels(server.pid), key=lambda k: k.memory_info().rss)
        kernel.append(busiest.memory_info().rss / 2**20)
    told = f"kernel {[round(m) for m in kernel]} MB, page {[round(m, 1) for m in page]} MB"
    assert kernel[-1] - kernel[4] < KERNEL_MB, told
    assert page[-1] - page[4] < PAGE_MB, told
    print(told)
