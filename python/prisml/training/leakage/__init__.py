"""Guards on data: what the training part shows of features that know the label."""

from prisml.training.leakage.guard import find_leaks
from prisml.training.leakage.refuse import refuse_leaks
from prisml.training.leakage.values import Values

__all__ = ["Values", "find_leaks", "refuse_leaks"]
