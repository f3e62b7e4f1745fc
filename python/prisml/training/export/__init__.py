"""From a fitted pipeline to the bytes of ``model.onnx``: a writer for each kind of model, and one form around what it writes."""

from prisml.training.export.write import export

__all__ = ["export"]
