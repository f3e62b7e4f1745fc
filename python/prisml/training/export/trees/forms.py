"""Which options of each estimator of trees change what is computed of the trees, and with which values it is written exactly."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

_XGBOOST: Mapping[str, tuple[object, ...]] = {
    "booster": (None, "gbtree"),
    "multi_strategy": (None, "one_output_per_tree"),
    "early_stopping_rounds": (None,),
}
_LIGHTGBM: Mapping[str, tuple[object, ...]] = {
    "boosting_type": ("gbdt", "dart", "rf"),
    "linear_tree": (None, False),
    "reg_sqrt": (None, False),
    "zero_as_missing": (None, False),
}

FORMS: Mapping[str, Mapping[str, tuple[object, ...]]] = MappingProxyType(
    {
        "GradientBoostingClassifier": {"loss": ("log_loss", "exponential"), "init": (None, "zero")},
        "GradientBoostingRegressor": {"loss": ("squared_error", "absolute_error", "huber", "quantile"), "init": (None, "zero")},
        "HistGradientBoostingClassifier": {"loss": ("log_loss",)},
        "HistGradientBoostingRegressor": {"loss": ("squared_error", "absolute_error", "quantile", "poisson", "gamma")},
        "XGBClassifier": {**_XGBOOST, "objective": (None, "binary:logistic", "multi:softprob")},
        "XGBRegressor": {
            **_XGBOOST,
            "objective": (
                None,
                "reg:squarederror",
                "reg:squaredlogerror",
                "reg:pseudohubererror",
                "reg:absoluteerror",
                "count:poisson",
                "reg:gamma",
                "reg:tweedie",
            ),
        },
        "LGBMClassifier": {**_LIGHTGBM, "objective": (None, "binary", "multiclass")},
        "LGBMRegressor": {
            **_LIGHTGBM,
            "objective": (None, "regression", "regression_l1", "huber", "fair", "quantile", "mape", "poisson", "gamma", "tweedie"),
        },
    }
)
"""By class and option the values that are offered; with any other value, training refuses the estimator before it is fitted."""
