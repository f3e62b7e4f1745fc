"""Definitions of predictive fields: frozen values, checked against SQLAlchemy's mapping when they are made."""

from prisml.definition.define import define_model
from prisml.definition.features import Expression, Feature, FeatureLike, Related, Resolver, Transform, expression, related, resolver
from prisml.definition.gates import Gate
from prisml.definition.model import ModelDefinition
from prisml.definition.split import GroupSplit, RandomSplit, TimeSplit
from prisml.definition.threshold import Cost, Precision, Recall
from prisml.definition.transforms import (
    days_since,
    difference,
    hour_of,
    hours_since,
    is_missing,
    length,
    log1p,
    month_of,
    ratio,
    weekday_of,
)

__all__ = [
    "Cost",
    "Expression",
    "Feature",
    "FeatureLike",
    "Gate",
    "GroupSplit",
    "ModelDefinition",
    "Precision",
    "RandomSplit",
    "Recall",
    "Related",
    "Resolver",
    "TimeSplit",
    "Transform",
    "days_since",
    "define_model",
    "difference",
    "expression",
    "hour_of",
    "hours_since",
    "is_missing",
    "length",
    "log1p",
    "month_of",
    "ratio",
    "related",
    "resolver",
    "weekday_of",
]
