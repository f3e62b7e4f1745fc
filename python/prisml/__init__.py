"""Predictive fields for SQLAlchemy: declare a field, train it, read it like any other attribute."""

import logging  # noqa: F401 -- What it takes before a fork is taken behind what is taken here: it is imported first.
import os
from importlib import import_module
from threading import RLock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prisml.definition import (
        Cost,
        Feature,
        FeatureLike,
        Gate,
        GroupSplit,
        ModelDefinition,
        Precision,
        RandomSplit,
        Recall,
        TimeSplit,
        days_since,
        define_model,
        difference,
        expression,
        hour_of,
        hours_since,
        is_missing,
        length,
        log1p,
        month_of,
        ratio,
        related,
        resolver,
        weekday_of,
    )
    from prisml.errors import (
        ArtifactError,
        ConfigurationError,
        ConflictError,
        DatabaseConnectionError,
        DeadlineExceededError,
        DefinitionError,
        EncodingError,
        ExperimentError,
        ExportError,
        FeatureExtractionError,
        LeakageError,
        LimitExceededError,
        ModelLoadError,
        ModelNotFoundError,
        NoDataError,
        ParityError,
        PrisMLError,
        PrisMLWarning,
        QualityGateError,
        RegistryError,
        SchemaDriftError,
        TrainingEnvironmentError,
        TrainingError,
        UnseenCategoryError,
        VersionNotFoundError,
    )
    from prisml.registry import (
        Deployment,
        Experiment,
        Registry,
        Variant,
        Version,
    )
    from prisml.serving import (
        Engine,
        Health,
        Info,
        Prediction,
        Predictions,
        load,
    )

    __version__: str

__all__ = [
    "ArtifactError",
    "ConfigurationError",
    "ConflictError",
    "Cost",
    "DatabaseConnectionError",
    "DeadlineExceededError",
    "DefinitionError",
    "Deployment",
    "EncodingError",
    "Engine",
    "Experiment",
    "ExperimentError",
    "ExportError",
    "Feature",
    "FeatureExtractionError",
    "FeatureLike",
    "Gate",
    "GroupSplit",
    "Health",
    "Info",
    "LeakageError",
    "LimitExceededError",
    "ModelDefinition",
    "ModelLoadError",
    "ModelNotFoundError",
    "NoDataError",
    "ParityError",
    "Precision",
    "Prediction",
    "Predictions",
    "PrisMLError",
    "PrisMLWarning",
    "QualityGateError",
    "RandomSplit",
    "Recall",
    "Registry",
    "RegistryError",
    "SchemaDriftError",
    "TimeSplit",
    "TrainingEnvironmentError",
    "TrainingError",
    "UnseenCategoryError",
    "Variant",
    "Version",
    "VersionNotFoundError",
    "__version__",
    "days_since",
    "define_model",
    "difference",
    "expression",
    "hour_of",
    "hours_since",
    "is_missing",
    "length",
    "load",
    "log1p",
    "month_of",
    "ratio",
    "related",
    "resolver",
    "weekday_of",
]

if not TYPE_CHECKING:
    _loading = RLock()
    if hasattr(os, "register_at_fork"):
        # A fork waits until what another thread loads is loaded: in the child nobody would go on with it, or give its modules free.
        os.register_at_fork(before=_loading.acquire, after_in_parent=_loading.release, after_in_child=_loading.release)

    # `prisml --help`, and each TAB of a shell that completes, come through this module and need no name of it. So SQLAlchemy, numpy and
    # pydantic, half a second, are loaded with the first name that is asked for. That one loads all: no later one has to wait.
    def __getattr__(name: str) -> object:
        if name not in __all__ and name not in {"definition", "errors", "registry", "serving"}:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        with _loading:
            layers = [import_module(f"prisml.{layer}") for layer in ("definition", "errors", "registry", "serving", "version")]
            given = {public: value for layer in layers for public, value in vars(layer).items()}
            globals().update({public: given[public] for public in __all__ if public != "__version__"})
            globals()["__version__"] = given["installed_version"]()
        return globals()[name]

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
