"""Studies: several distillations set against each other, each beside its twin, over several seeds."""

from .arms import Arm
from .study import Study

__all__ = ["Arm", "Study"]
