"""What the name of a column tells of it: hints for a first draft, and no more. Whoever reads the draft decides."""

from __future__ import annotations

import keyword
import re

_WORD = re.compile(r"\w+")
_SECRET = frozenset(_WORD.findall("password passwd pwd token secret hash hashed salt apikey otp pin ssn iban cvv key"))
_PERSON = frozenset(_WORD.findall("email mail phone mobile fax name firstname lastname surname username login nickname address street"))
_ROW = frozenset(_WORD.findall("id uuid guid slug url uri reference number sku isbn external session ip zip postcode"))
_TEXT = frozenset(_WORD.findall("description comment comments note notes text body message title subject bio content html"))
_CHANGING = frozenset(_WORD.findall("updated modified changed seen login synced refreshed"))
_ENDING = frozenset(
    _WORD.findall("deleted cancelled canceled closed ended churned archived deactivated terminated expired refunded resolved")
)
_FEW = frozenset(
    _WORD.findall(
        "country plan segment status state channel gender sex type kind category currency language locale source region tier level "
        "group city medium device platform brand method carrier origin priority role topic"
    )
)
_BORN = frozenset(
    _WORD.findall(
        "country gender sex birth birthday born source channel origin medium campaign referrer signup language currency registered "
        "created joined since opened first"
    )
)
_BEGINNING = frozenset(
    _WORD.findall("created joined registered signup signed placed ordered opened started inserted occurred happened since born date on")
)
_OUTCOME = frozenset(
    _WORD.findall(
        "churned churn cancelled canceled fraud fraudulent returned converted defaulted default late spam approved rejected refunded "
        "left lost won sold paid failed clicked resigned retired quit subscribed attended delayed overdue survived readmitted target label "
        "outcome"
    )
)
_PEOPLE = frozenset(_WORD.findall("customer user account member client subscriber shopper buyer player guest"))
_BUSINESS = frozenset(_WORD.findall("order orders purchase purchases sale sales payments invoices bookings visits rentals"))
_VERBS = ("is_", "was_", "has_", "did_", "will_")


def words(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case: ``isActive`` and ``is_active`` are ``("is", "active")``."""
    return tuple(word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\dA-Z_]+|\d+", name))


def is_attribute(name: str) -> bool:
    """Whether Python's source can name an attribute so: a column that a table was reflected with may be called anything."""
    return name.isidentifier() and not keyword.iskeyword(name)


def snake(name: str) -> str:
    """The name with underscores: ``OrderLine`` is ``order_line``."""
    return "_".join(words(name)) or name.lower()


def reveals(name: str) -> str | None:
    """Why the values of a column of this name are nothing to learn from; None where the name does not say so."""
    found = set(words(name))
    if found & _SECRET:
        return "a secret, by its name"
    if found & _PERSON:
        return "names a person, not what they are like"
    if found & _ROW:
        return "names a row, not what it is like"
    return "free text" if found & _TEXT else None


def is_changing(name: str) -> bool:
    """Whether the moment in the column moves whenever its row does."""
    return bool(set(words(name)) & _CHANGING)


def is_ending(name: str) -> bool:
    """Whether the column tells of an end, which is seldom known before what is to be predicted."""
    return bool(set(words(name)) & _ENDING)


def is_beginning(name: str) -> bool:
    """Whether the column tells when the row began."""
    return bool(set(words(name)) & _BEGINNING)


def has_few_values(name: str) -> bool:
    """Whether a column of text with this name mostly holds one of a few values."""
    return bool(set(words(name)) & _FEW)


def is_born_with(name: str) -> bool:
    """Whether a column of this name seldom changes once its row exists."""
    return bool(set(words(name)) & _BORN)


def is_outcome(name: str) -> bool:
    """Whether a column of this name is something that people want to know beforehand."""
    return bool(set(words(name)) & _OUTCOME)


def is_about(name: str, label: str) -> bool:
    """Whether the column is named after the label, as ``churn_reason`` is after ``churned``."""
    stems = {word[:5] for word in words(label) if len(word) > 3}
    return any(word[:5] in stems for word in words(name))


def is_people(name: str) -> bool:
    """Whether objects of a class of this name come back, or do not."""
    return bool(set(words(name)) & _PEOPLE)


def is_business(name: str) -> bool:
    """Whether a relationship of this name is what people come for."""
    return bool(set(words(name)) & _BUSINESS)


def without_verb(name: str) -> str:
    """``late`` of ``is_late``; what would be no name by itself keeps its verb, as ``has_2fa``."""
    verb = next((verb for verb in _VERBS if name.startswith(verb) and name[len(verb) :].isidentifier()), "")
    return name[len(verb) :]
