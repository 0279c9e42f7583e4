"""How far counting words goes: a logistic regression on the words of each definition, ``python bag_of_words.py``."""

from __future__ import annotations

from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression

import kdviz as kd

if __name__ == "__main__":
    data, counts = kd.data.definitions(), CountVectorizer()
    learned = counts.fit_transform(data.train.groups["definition"])
    found = LogisticRegression(max_iter=300).fit(learned, data.train.y)
    errors = (found.predict(counts.transform(data.test.groups["definition"])) != data.test.y.numpy()).sum()
    print(f"{errors} errors of {len(data.test):,} test definitions, {learned.shape[1]:,} words counted")
