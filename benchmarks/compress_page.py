"""The Compress page's four ways and two combinations: what they come to, and how long they take.

``python benchmarks/compress_page.py`` prints the estimate, the time, and the table of the page, on validation data and
then on the test. Errors and bytes are the same each time on one thread; times are this machine's.
"""

from __future__ import annotations

import argparse
import time

import kdviz as kd


def main() -> None:
    """Make the points without a browser and print them."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--teacher", default="mnist-mlp-1200", help="a shipped teacher")
    page = kd.panels.Compress(teacher=arguments.parse_args().teacher)
    page.wait()
    print(f"estimated: {page.setup.estimate_ways}")
    begun, busy = time.perf_counter(), time.process_time()
    page.ways()
    page.wait()
    print(f"took: {time.perf_counter() - begun:.1f} s, {time.process_time() - busy:.1f} s of CPU\n")
    shown(page)
    page.open_test()
    page.wait()
    shown(page)
    page.close()


def shown(page: kd.panels.Compress) -> None:
    """Print the table as the page shows it now."""
    print(f"{page.chart.errors_on}, teacher: {page.chart.teacher['errors']} of {page.chart.teacher['examples']:,}")
    for point in page.chart.points:
        right = (point["examples"] - point["errors"]) / (point["examples"] - page.chart.teacher["errors"])
        time_ = f"{point['ratio']:.2f} ({point['ratio_low']:.2f} to {point['ratio_high']:.2f})"
        print(f"{point['name']}: {point['errors']} errors, {right:.1%} kept, {point['beside_twin']}")
        print(f"    {point['bytes']:,} bytes, {point['gzipped']:,} after gzip, time {time_}")
    print("\n" + "\n".join(page.chart.sentences) + "\n")


if __name__ == "__main__":
    main()
