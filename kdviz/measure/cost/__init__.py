"""Cost: what models take to keep and to run.

Parameters, multiply-accumulates, bytes of the file, memory and time, alike for torch modules, quantized ones and ONNX
sessions. Times are measured in turns and compared as ratios: a machine that is busy is busy for both.
"""

from .accuracy import Kept, kept
from .beside import Cost, Costs, cost, costs, countable, share
from .memory import peak_bytes
from .sizes import file_of, parameters
from .timing import Latency, Ratio, Turns, in_turns, median_interval
from .training import TrainingCost, training_cost

__all__ = [
    "Cost",
    "Costs",
    "Kept",
    "Latency",
    "Ratio",
    "TrainingCost",
    "Turns",
    "cost",
    "costs",
    "countable",
    "file_of",
    "in_turns",
    "kept",
    "median_interval",
    "parameters",
    "peak_bytes",
    "share",
    "training_cost",
]
