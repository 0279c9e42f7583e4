"""Names in an error's sentence."""

from kdviz.words.naming import MOST, listed


def test_few_names_are_all_said_and_of_many_those_nearest_to_what_was_given():
    few, many = [f"n{i}" for i in range(MOST)], ["hint", "hint_l1", *(f"other{i}" for i in range(MOST))]
    assert listed(few, "x") == ", ".join(few)
    assert listed(many, "HINTS").startswith(f"{len(many)}, such as hint, hint_l1")
    assert listed(many, "") == f"{len(many)}, such as hint, hint_l1, other0, other1, other2"
