"""The one exception tree of PrisML.

Every error says what failed, names the model, feature or row concerned, and says the way out. None of them carries a value of
the user's data, a bind parameter or a password: a value is described by its type alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar

EXIT_NO = 1
EXIT_USAGE = 2
EXIT_UNREACHABLE = 3

_LONGEST_WORD = 40


def described(value: object) -> str:
    """The value as messages speak of it, by its type alone: ``an int``, ``a str``, ``None``."""
    return "None" if value is None else with_article(type(value).__name__)


def quoted(given: object) -> str:
    """A word of the program's own, such as the name of an algorithm, as it was given; what is no text, by its type alone."""
    return repr(given if len(given) <= _LONGEST_WORD else f"{given[:_LONGEST_WORD]}...") if isinstance(given, str) else described(given)


def with_article(noun: str) -> str:
    """The noun behind *a* or *an*."""
    return f"{'an' if noun[:1].lower() in {'a', 'e', 'i', 'o'} else 'a'} {noun}"


class PrisMLError(Exception):
    """What went wrong, where, and what to do about it.

    ``code`` is stable between releases and meant for programs; ``context`` names the model, feature, row and such;
    ``suggestions`` are sentences that say the way out; ``exit_code`` is what the command line returns for it.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = EXIT_USAGE

    def __init__(
        self,
        message: str,
        context: Mapping[str, object] | None = None,
        suggestions: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.context: Mapping[str, object] = MappingProxyType(dict(context or {}))
        self.suggestions = tuple(suggestions)

    def __str__(self) -> str:
        return " ".join((self.message, *self.suggestions))

    def __reduce__(self) -> tuple[type[PrisMLError], tuple[str, dict[str, object], tuple[str, ...]]]:
        return type(self), (self.message, dict(self.context), self.suggestions)


class DefinitionError(PrisMLError):
    """A definition contradicts itself, its mapping, or what can be exported."""

    code = "definition"


class ConfigurationError(PrisMLError):
    """A setting, a path or the runtime library is missing or wrong."""

    code = "configuration"


class DatabaseConnectionError(PrisMLError):
    """The database cannot be reached or refuses the connection."""

    code = "database_connection"
    exit_code = EXIT_UNREACHABLE


class NoDataError(PrisMLError):
    """There are no rows, or not enough of them, to do what was asked."""

    code = "no_data"
    exit_code = EXIT_NO


class FeatureExtractionError(PrisMLError):
    """A feature or label could not be computed from a row."""

    code = "feature_extraction"


class EncodingError(PrisMLError):
    """A value does not fit the input it is given for."""

    code = "encoding"


class UnseenCategoryError(EncodingError):
    """A category was not seen in training, and the input was declared with ``unseen="error"``."""

    code = "unseen_category"


class LimitExceededError(PrisMLError):
    """A graph is larger, or a batch has more rows, than this process allows."""

    code = "limit_exceeded"


class DeadlineExceededError(PrisMLError):
    """The time that was given for a call with ``timeout=`` was over before it was done: nothing was predicted."""

    code = "deadline_exceeded"
    exit_code = EXIT_NO


class PrisMLWarning(UserWarning):
    """What PrisML warns of with ``warnings.warn``: something works, and somebody should look at it."""


class LeakageError(PrisMLError):
    """A feature knows what it could not have known at the time of prediction."""

    code = "leakage"
    exit_code = EXIT_NO


class TrainingError(PrisMLError):
    """The estimator could not be fitted."""

    code = "training"


class QualityGateError(PrisMLError):
    """A gate was not passed: nothing was published."""

    code = "quality_gate"
    exit_code = EXIT_NO


class ParityError(PrisMLError):
    """The exported model does not predict what scikit-learn predicts: nothing was published."""

    code = "parity"
    exit_code = EXIT_NO


class ExportError(PrisMLError):
    """The fitted model cannot be exported to ONNX exactly."""

    code = "export"


class ArtifactError(PrisMLError):
    """A stored artifact is damaged, incomplete or of a format this release does not read."""

    code = "artifact"


class ModelNotFoundError(PrisMLError):
    """The registry has no model, or no active version, of that name."""

    code = "model_not_found"


class ModelLoadError(PrisMLError):
    """The ONNX graph cannot be loaded or does not fit its manifest."""

    code = "model_load"


class SchemaDriftError(PrisMLError):
    """The code or mapping of this process is not what the version was trained with."""

    code = "schema_drift"


class RegistryError(PrisMLError):
    """The registry cannot be reached, written or understood."""

    code = "registry"
    exit_code = EXIT_UNREACHABLE


class VersionNotFoundError(PrisMLError):
    """The model has no such version."""

    code = "version_not_found"


class ConflictError(PrisMLError):
    """What the registry holds forbids what was asked: the version serves, or another one serves than was expected."""

    code = "conflict"
    exit_code = EXIT_NO


class ExperimentError(PrisMLError):
    """An experiment is declared wrongly or stands in the way."""

    code = "experiment"


class TrainingEnvironmentError(PrisMLError):
    """Training has nowhere to run: no training stack in versions that work together, or no container that could be started."""

    code = "training_environment"
