import duckdb
import pytest

from sf_insights.domain.accounts.likeness import how_alike, pattern_of, site_pattern


def found(pattern: str, text: str) -> bool:
    """Whether DuckDB, which runs the pattern, finds it."""
    row = duckdb.sql("SELECT regexp_matches($text, $pattern)", params={"text": text, "pattern": pattern}).fetchone()
    assert row is not None
    return bool(row[0])


@pytest.mark.parametrize("name", ["Cafe Creme", "CAFÉ CRÈME 42", "The Café-Crème, Inc.", "cafécrème"])
def test_a_name_is_found_whatever_its_case_accents_and_punctuation(name):
    assert found(pattern_of([["cafe", "creme"]]), name)


def test_another_name_is_not_found():
    assert not found(pattern_of([["cafe", "creme"]]), "Cafe Noir Creme")


@pytest.mark.parametrize("site", ["acme.com", "https://www.acme.example/shop", "WWW.ACME.DE"])
def test_a_website_is_found_by_its_name(site):
    assert found(site_pattern(["acme"]), site)


@pytest.mark.parametrize("site", ["acmefoods.com", "https://foods.acme.com", "example.com/acme.html"])
def test_another_website_is_not_found(site):
    assert not found(site_pattern(["acme"]), site)


def test_people_read_how_alike_two_names_are():
    assert [how_alike(similarity) for similarity in (1.0, 0.96, 0.86)] == [
        "same name",
        "very similar name",
        "similar name",
    ]
