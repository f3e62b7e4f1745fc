"""From extracted rows to a candidate for publishing: fitted, exported, compared with scikit-learn and judged."""
