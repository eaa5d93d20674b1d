"""Errors: one text with where, what, allowed and remedy; whole in another process."""

from __future__ import annotations

import inspect
import pickle

import pytest

from trigger import errors
from trigger.errors import AgreementError, TriggerError

FAMILY = [
    each
    for _, each in inspect.getmembers(errors, inspect.isclass)
    if issubclass(each, TriggerError)
]


def test_the_text_says_where_what_allowed_and_what_to_do():
    error = TriggerError("it is 3", where="a.yaml:7", allowed="1 or 2.", remedy="choose one")
    assert str(error) == "a.yaml:7: it is 3. Allowed: 1 or 2. To do: choose one"


@pytest.mark.parametrize("kind", FAMILY)
def test_an_error_crosses_between_processes(kind):
    error = kind("wrong", where="here", allowed="right", remedy="mend")
    other = pickle.loads(pickle.dumps(error))
    assert type(other) is kind
    assert str(other) == str(error)
    assert other.remedy == "mend"


def test_exit_codes():
    assert {kind.exit_code for kind in FAMILY} == {2, 4}
    assert AgreementError.exit_code == 4
