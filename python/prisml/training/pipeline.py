"""What is fitted: a scikit-learn pipeline from the encoded matrix to a prediction, and nothing that saw the hold-out."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from prisml.definition.balance import ClassWeight
from prisml.errors import TrainingError, described
from prisml.manifest import ClassLabel, Input, Task
from prisml.progress import Progress, silent
from prisml.training.choice import Choice
from prisml.training.class_weight import apply_class_weight
from prisml.training.counting import counted as counted_iterations
from prisml.training.settled import tell_categories
from prisml.training.stages import final_of, is_pipeline
from prisml.training.vocabulary import code_count

if TYPE_CHECKING:
    from prisml.training.calibration.calibration import Calibration, Of

FILL, DESIGN, ESTIMATOR = "fill", "design", "estimator"
_CHUNK = 65_536
_MOST_DENSE_CODES = 256
# Asked of a solver for sparse tables where scikit-learn solves dense ones directly.
_SPARSE_TOLERANCE = 1e-10


@dataclass(frozen=True)
class Column:
    """One column of the matrix as the pipeline treats it: how its gaps are filled, or how many codes it has (0: a number)."""

    name: str
    fill: str | float | None
    codes: int


def columns_of(inputs: Sequence[Input]) -> list[Column]:
    """The columns of the matrix that these inputs are encoded into."""
    return [Column(item.name, None if item.categories is not None else item.imputation, code_count(item)) for item in inputs]


@dataclass(frozen=True, eq=False)
class FittedPipeline:
    """A fitted scikit-learn ``Pipeline`` with the steps ``fill`` (where a column is filled), ``design`` (not for trees), ``estimator``.

    Trees get the float32 matrix as it is. Others get the same float32 numbers as float64, so that scaling rounds nothing. A Pipeline
    that a user gave is the estimator. ``class_weights`` is how much a row of each class counted, empty where all counted alike;
    ``calibration`` is what is done to scores.
    """

    pipeline: Any
    choice: Choice
    task: Task
    columns: tuple[Column, ...]
    class_weights: tuple[float, ...] = ()
    calibration: Calibration | None = None

    @property
    def estimator(self) -> Any:
        """The fitted estimator, the last step."""
        return self.pipeline[-1]

    @property
    def fills(self) -> NDArray[np.float32] | None:
        """What stands for NaN in each column; None where no column is filled."""
        step = self.pipeline.named_steps.get(FILL)
        return None if step is None else np.asarray(step.statistics_, dtype=np.float32)

    @property
    def numbers(self) -> list[int]:
        """The columns that are numbers."""
        return [place for place, column in enumerate(self.columns) if not column.codes]

    @property
    def categories(self) -> list[int]:
        """The columns that are category codes."""
        return [place for place, column in enumerate(self.columns) if column.codes]

    def predict(self, matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        """What scikit-learn gives: probabilities of shape (n, classes), calibrated where they are to be, or numbers of shape (n,)."""
        if self.calibration is not None:
            return self.calibration.probabilities(self.scores(matrix, of=self.calibration.of))
        return self._ask(self.pipeline.predict if self.task == "regression" else self.pipeline.predict_proba, matrix)

    def scores(self, matrix: NDArray[np.float32], *, of: Of) -> NDArray[np.float64]:
        """What is calibrated, as scikit-learn gives it: the positive class's of shape (n, 1), or (n, classes)."""
        if of == "decision":
            return self._ask(self.pipeline.decision_function, matrix).reshape(len(matrix), -1)
        probabilities = self._ask(self.pipeline.predict_proba, matrix)
        return probabilities[:, 1:] if self.task == "binary" else probabilities

    def _ask(self, ask: Callable[..., Any], matrix: NDArray[np.float32]) -> NDArray[np.float64]:
        from threadpoolctl import threadpool_limits

        dtype = np.float32 if self.choice.takes_codes else np.float64
        starts = range(0, len(matrix), _CHUNK)
        # What overflows is no number, and is judged as that.
        with threadpool_limits(limits=1), np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            parts = [ask(matrix[start : start + _CHUNK].astype(dtype, copy=False)) for start in starts]
        return np.concatenate(parts).astype(np.float64, copy=False)


def fit_pipeline(
    choice: Choice,
    columns: Sequence[Column],
    matrix: NDArray[np.float32],
    target: NDArray[np.generic],
    *,
    task: Task,
    classes: tuple[ClassLabel, ...],
    model: str,
    class_weight: ClassWeight | None = None,
    progress: Progress = silent,
) -> FittedPipeline:
    """The pipeline fitted on ``matrix`` and ``target``: codes into ``classes``, or numbers; ``class_weight`` is the definition's.

    BLAS and OpenMP run on one thread meanwhile, so that sums have one order on any number of cores. ``TrainingError`` where scikit-learn
    refuses.
    """
    from sklearn.pipeline import Pipeline
    from threadpoolctl import threadpool_limits

    estimator = choice.estimator
    weights, counted = apply_class_weight(estimator, class_weight, classes, target, model=model) if classes else ((), {})
    refusals = _refusals_of(estimator)
    told = {**tell_categories(choice, {column.name: column.codes for column in columns}, model), **counted}
    with threadpool_limits(limits=1):
        try:
            steps = _fitted_steps(choice, columns, matrix, target, told, progress)
        except refusals as error:
            raise _refused(error, type(estimator).__name__, model) from error
    if "n_jobs" in (final := final_of(estimator)).get_params(deep=False):
        # Threads would add up the trees' predictions in another order each time.
        final.set_params(n_jobs=None)
    return FittedPipeline(Pipeline(steps), choice, task, tuple(columns), weights)


def parameters_of(estimator: Any) -> dict[str, JsonValue]:
    """The estimator's parameters as JSON; what JSON cannot hold is described by its type. Of a Pipeline, its steps and their parameters."""
    if is_pipeline(estimator):
        of_steps = {f"{name}__{key}": value for name, step in estimator.steps for key, value in parameters_of(step).items()}
        return {"steps": [{"name": name, "class": type(step).__name__} for name, step in estimator.steps], **of_steps}
    return {name: _as_json(value) for name, value in sorted(estimator.get_params(deep=False).items())}


def _as_json(value: object) -> Any:
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): _as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(item) for item in value]
    if isinstance(value, set | frozenset):
        return sorted((_as_json(item) for item in value), key=_place_in_set)
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError):
        return f"<{type(value).__name__}>"


def _place_in_set(item: object) -> tuple[int, str]:
    """An order that every process gives, and that of the natural numbers."""
    text = json.dumps(item)
    return len(text), text


def _refusals_of(estimator: Any) -> tuple[type[Exception], ...]:
    """What the estimator raises where it cannot be fitted. LightGBM has a class of its own for it."""
    usual = (ValueError, ArithmeticError, MemoryError)
    if type(estimator).__module__.partition(".")[0] != "lightgbm":
        return usual
    from lightgbm.basic import LightGBMError

    return (*usual, LightGBMError)


def _refused(error: BaseException, estimator: str, model: str) -> TrainingError:
    from sklearn.utils._param_validation import InvalidParameterError

    # The text of a parameter's refusal names the parameter; other texts may quote the data.
    what = f": {error}" if isinstance(error, InvalidParameterError) else f" with {described(error)}."
    return TrainingError(
        f"Model {model!r}: {estimator} refused to fit{what}",
        {"model": model, "estimator": estimator, "error": type(error).__name__},
        ["Check params= against the estimator's documentation."],
    )


def _fitted_steps(
    choice: Choice,
    columns: Sequence[Column],
    matrix: NDArray[np.float32],
    target: NDArray[np.generic],
    told: Mapping[str, object],
    progress: Progress,
) -> list[tuple[str, Any]]:
    steps: list[tuple[str, Any]] = []
    table: NDArray[np.floating[Any]] = matrix if choice.takes_codes else matrix.astype(np.float64)
    if any(column.fill is not None for column in columns):
        filling = _filling(columns, matrix)
        table = filling.transform(table)
        steps.append((FILL, filling))
    if not choice.takes_codes:
        sparse = _is_sparse(columns, choice.estimator)
        if sparse:
            _ask_for_precision(choice.estimator)
        design = _design(columns, sparse=sparse, scales=choice.scales)
        table = design.fit_transform(table)
        steps.append((DESIGN, design))
    with warnings.catch_warnings(), counted_iterations(choice.estimator, progress) as asked:
        # scikit-learn is to give it up, and has nothing else yet that stands in one estimator.
        warnings.filterwarnings("ignore", message="The `probability` parameter", category=FutureWarning)
        choice.estimator.fit(table, target, **told, **asked)
    return [*steps, (ESTIMATOR, choice.estimator)]


def learned_fills(columns: Sequence[Column], matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """What stands for NaN in each column by its own rule, a float32 as the graph has it; NaN where a column is not filled."""
    from sklearn.impute import SimpleImputer

    values = np.full(len(columns), np.nan, dtype=np.float32)
    for place, column in enumerate(columns):
        if isinstance(column.fill, str):
            values[place] = SimpleImputer(strategy=column.fill).fit(matrix[:, [place]]).statistics_[0]
        elif column.fill is not None:
            values[place] = column.fill
    return values


def _filling(columns: Sequence[Column], matrix: NDArray[np.float32]) -> Any:
    """One imputer for all columns."""
    from sklearn.impute import SimpleImputer

    imputer = SimpleImputer(keep_empty_features=True).fit(matrix[:1])
    imputer.statistics_ = learned_fills(columns, matrix)
    return imputer


def _is_sparse(columns: Sequence[Column], estimator: Any) -> bool:
    """Whether one-hot columns are fitted as a sparse table: where they are many, and scikit-learn then finds the same model."""
    if sum(column.codes for column in columns) <= _MOST_DENSE_CODES:
        return False
    name, params = type(estimator).__name__, estimator.get_params(deep=False)
    if name == "LinearRegression":
        # Before scikit-learn 1.7 its precision for sparse tables cannot be asked for.
        return "tol" in params and not params["positive"]
    # The other solvers of Ridge refuse a sparse table or, with an intercept, learn another model.
    return name == "LogisticRegression" or (name == "Ridge" and params["solver"] in ("auto", "sparse_cg", "lbfgs"))


def _ask_for_precision(estimator: Any) -> None:
    """Have a sparse table solved as exactly as a dense one, where scikit-learn would not look at ``tol`` for a dense one."""
    params = estimator.get_params(deep=False)
    if type(estimator).__name__ == "LinearRegression" or (params["solver"] == "auto" and not params["positive"]):
        estimator.set_params(tol=min(params["tol"], _SPARSE_TOLERANCE))


def _design(columns: Sequence[Column], *, sparse: bool, scales: bool) -> Any:
    """Numbers, scaled where ``scales`` says so, and each category one column for each of its codes; an unknown code is none of them."""
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = [place for place, column in enumerate(columns) if not column.codes]
    categories = [place for place, column in enumerate(columns) if column.codes]
    parts: list[tuple[str, Any, list[int]]] = []
    if numbers:
        parts.append(("numbers", StandardScaler() if scales else "passthrough", numbers))
    if categories:
        codes = [np.arange(columns[place].codes, dtype=np.float64) for place in categories]
        one_hot = OneHotEncoder(categories=codes, handle_unknown="ignore", sparse_output=sparse, dtype=np.float64 if sparse else np.float32)
        parts.append(("categories", one_hot, categories))
    # A threshold of 1 keeps every sparse table sparse.
    return ColumnTransformer(parts, sparse_threshold=1.0)
