"""Predictions as attributes of SQLAlchemy's objects: a statement option, an attribute, one batch for many objects."""

from prisml.orm.accessor import Fields, Predicted
from prisml.orm.attaching import attach
from prisml.orm.extending import extend
from prisml.orm.options import with_ml
from prisml.orm.preloading import preload, unload

__all__ = ["Fields", "Predicted", "attach", "extend", "preload", "unload", "with_ml"]
