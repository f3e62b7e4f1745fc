"""What the command line does, as functions: ``train.train``, ``check.check``, ``predict.predict``, ``versions.versions`` and so on.

Each takes values and returns a frozen one; none parses, prints or exits. They are imported one by one, because a machine that only
serves has none of what training needs.
"""
