"""A study in words: only what lies beyond the noise is called a gain."""

from __future__ import annotations

from dataclasses import replace

import kdviz as kd
from kdviz.study.sentences import title


def test_sentences_call_only_what_lies_beyond_the_noise_a_gain(study):
    told = study.sentences()
    for row, sentence in zip(study.table(full=True).itertuples(), told[1:5], strict=True):
        assert sentence.startswith(f"{row.arm}: {row.errors_last:,.0f} ± {row.errors_sd_last:,.0f} test errors")
        beside_twin = sentence.split("the twin without a teacher, ")[1].split(". ")[0]
        assert ("a clear gain" in beside_twin) == (row.twin_verdict_last == "fewer")
        assert ("clearly worse" in beside_twin) == (row.twin_verdict_last == "more")
        assert "the twin with label smoothing, " in sentence
    assert "4 arms are compared" in told[5] and "about 0.2 of them" in told[5]
    assert told[6].endswith(f"{study.best().name}.")
    assert len(told) == 7


def test_one_seed_says_nothing_of_the_noise(recipe, digits):
    study = kd.Study({"Hinton": recipe}, seeds=[7], data=digits).run(progress=False, n_jobs=1)
    assert study.table(full=True).twin_verdict_last.tolist() == ["one run"]
    assert study.table(full=True).errors_sd_last.isna().all()
    assert "which says nothing about what another would give" in study.sentences()[1]


def test_a_title_counts_only_arms_with_seeds_enough(recipe, digits):
    wild = replace(recipe, learning_rate=1e30)
    one, two = (
        kd.Study({"calm": recipe, "wild": wild}, seeds=n, data=digits).run(progress=False, n_jobs=1) for n in (1, 2)
    )
    for study, told in ((one, "One seed: the noise between seeds is"), (two, "Of 1 arm, ")):
        assert title([study.compare(arm.name) for arm in study.arms]).startswith(told)
    assert title([one.compare("calm"), two.compare("calm")]) == title([two.compare("calm")])
    assert title([two.compare("wild")]) == "No arm has a twin to be compared with yet"
