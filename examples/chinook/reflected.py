"""The same tables for an application without declared classes: ``automap_base`` makes the classes from what the database says."""

from __future__ import annotations

import os

from sqlalchemy import create_engine
from sqlalchemy.ext.automap import automap_base

from examples.chinook.create import DATABASE

Base = automap_base()
Base.prepare(autoload_with=create_engine(os.environ.get("DATABASE_URL") or DATABASE))

Customer = Base.classes.Customer
Invoice = Base.classes.Invoice
