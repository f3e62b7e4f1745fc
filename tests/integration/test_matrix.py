from __future__ import annotations

import json

import pytest

from benches.matrix.__main__ import main
from benches.matrix.case import Case, Part
from benches.matrix.cases import every_case
from benches.matrix.document import FILE
from benches.matrix.trial import judge

ONE_OF_EACH = (
    ("GammaRegressor", "regression"),
    ("SGDClassifier", "multiclass"),
    ("QuadraticDiscriminantAnalysis", "multiclass"),
    ("GaussianNB", "multiclass"),
    ("BernoulliNB", "binary"),
    ("MultinomialNB", "multiclass"),
    ("MLPClassifier", "multiclass"),
    ("SVC", "binary"),
    ("HistGradientBoostingClassifier", "binary"),
    ("KBinsDiscretizer", "regression"),
    ("PolynomialFeatures", "binary"),
    ("SimpleImputer", "binary"),
    ("PowerTransformer", "multiclass"),
)


@pytest.mark.parametrize(("name", "task"), ONE_OF_EACH)
def test_a_sample_of_the_matrix_is_exact(name, task):
    """The last case of each of these classes, which has an option or a rare encoding."""
    case = [case for case in every_case() if (case.judged.name, case.task) == (name, task)][-1]
    outcome = judge(case, trained=600, judged=2_000)
    assert outcome.verdict == "exact", outcome.reason


def test_the_matrix_is_large_enough_to_mean_something():
    """Each combination once."""
    cases = every_case()
    assert len(cases) == len(set(cases)) >= 400


def test_a_graph_that_is_not_the_model_is_found_inexact():
    """XGBoost told to have no objective answers with a sum where the graph has a probability."""
    part = Part("xgboost", "XGBClassifier", (("objective", None),))
    assert judge(Case("binary", part, (), "ordinal", "nan"), trained=600, judged=2_000).verdict == "inexact"


def test_entries_that_are_deleted_come_back_byte_for_byte(tmp_path, capsys):
    """Nobody has to write them: the matrix does."""
    names, file = ["Lasso", "BernoulliNB", "Binarizer", "KNeighborsClassifier"], tmp_path / "allowed.json"
    document = json.loads(FILE.read_text(encoding="utf-8"))
    for part in ("estimators", "steps", "refused"):
        document[part] = {name: entry for name, entry in document[part].items() if name not in names}
    file.write_text(json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
    run = ["--only", *names, "--file", str(file), "--processes", "1", "--judged", "500"]
    assert main([*run, "--check"]) == 1
    assert main(run) == 0
    assert file.read_bytes() == FILE.read_bytes()
    assert main([*run, "--check"]) == 0
    assert "0 inexact" in capsys.readouterr().out
