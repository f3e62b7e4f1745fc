"""Whether everything that PrisML works with is as it should be, looked at subject by subject, and what mends what is not."""

from prisml.commands.doctor.examination import Diagnosis, examine

__all__ = ["Diagnosis", "examine"]
