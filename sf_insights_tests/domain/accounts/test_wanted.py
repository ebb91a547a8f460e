import pytest

from sf_insights.domain.accounts.wanted import wanted

ID = "001M000000qfPySIAU"


@pytest.mark.parametrize(
    "typed",
    [
        ID,
        ID[:15],
        f"  {ID}\n",
        f"https://acme.lightning.force.com/lightning/r/Account/{ID}/view",
        f"the account {ID[:15]}, please",
        "001m000000QFpysiau",
    ],
)
def test_a_salesforce_id_is_found_in_what_is_typed(typed):
    assert wanted(typed).salesforce_id == ID


@pytest.mark.parametrize("typed", ["", "Acme", "003M000000qfPyS", f"x{ID}", f"{ID}9", "001M000000qfPySZZZ"])
def test_other_texts_are_not_a_salesforce_id(typed):
    assert wanted(typed).salesforce_id is None


def test_white_space_and_control_characters_are_one_space():
    assert wanted("  Acme\t\x00Foods\u200b ").text == "Acme Foods"
    assert wanted("ACME Foods").words == ("acme", "foods")
    assert wanted(" \n").is_empty


def test_a_very_long_text_is_cut():
    assert len(wanted("x" * 100_000).text) == 200
