"""Engines: versions of models, loaded and ready to predict."""

from prisml.serving.engine import Engine
from prisml.serving.health import Health
from prisml.serving.info import Info
from prisml.serving.loading import load, open_registry
from prisml.serving.prediction import Prediction, Predictions

__all__ = ["Engine", "Health", "Info", "Prediction", "Predictions", "load", "open_registry"]
