"""What is measured, and the campaigns that show each promise on all the data: ``make verify-<topic>``."""
