"""Runs that a small study was made of."""

from __future__ import annotations

FULL = 30  # runs' worth of steps: enough for all arms


def studied(run, arms=FULL, **options):
    return run.diagnose(study=True, budget=arms * run.steps_done + 11, **options)
