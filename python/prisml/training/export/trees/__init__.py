"""Trees of scikit-learn, XGBoost and LightGBM as one ONNX node whose decisions are theirs for every float32."""

from prisml.training.export.trees.decisions import decisions_of, tree_count
from prisml.training.export.trees.forms import FORMS
from prisml.training.export.trees.write import tree_body

__all__ = ["FORMS", "decisions_of", "tree_body", "tree_count"]
