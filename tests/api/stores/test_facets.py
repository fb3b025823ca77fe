"""How metadata becomes exact terms."""

import pytest

from askbox_api.domain import Scalar
from askbox_api.stores.facets import facet, facets


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), (1, "1"), (True, "true"), (False, "false"), (-0.0, 0)])
def test_equal_values_give_equal_terms(one: Scalar, other: Scalar) -> None:
    assert facet("field", one) == facet("field", other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("f", 1), ("f", True)),
        (("f", 0.1), ("f", 0.10000000000000002)),
        (("a", "b\x1fc"), ("a\x1fb", "c")),
        (("f", "x" * 600), ("f", "x" * 601)),
        (("f" * 600, "x"), ("f" * 601, "x")),
        (("f", "a"), ("f", "a\0")),
        (("f", "a"), ("f", "A")),
        (("f", "\ud800"), ("f", "\ud801")),
    ],
)
def test_different_fields_or_values_give_different_terms(one: tuple[str, Scalar], other: tuple[str, Scalar]) -> None:
    assert facet(*one) != facet(*other)


@pytest.mark.parametrize(
    "value",
    ["x" * 10**6, "漢" * 300, "\ud800", "a\0b", 1 << 20_000, float("inf"), float("nan")],
    ids=lambda value: type(value).__name__,
)
def test_every_term_fits_every_engine(value: Scalar) -> None:
    term = facet("field", value)

    assert len(term.encode()) <= 512
    assert "\0" not in term


def test_a_list_gives_one_term_a_value_and_each_once() -> None:
    terms = facets({"tags": ("a", "b", "a"), "year": 2024})

    assert terms == [facet("tags", "a"), facet("tags", "b"), facet("year", 2024)]
