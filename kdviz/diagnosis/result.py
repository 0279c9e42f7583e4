"""A diagnosis: findings ordered by severity, what was not looked at, and both as text, tables and HTML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from ..words import mark, number, t
from .findings import CONFIDENCES, SEVERITIES, Finding
from .trials import Arm

if TYPE_CHECKING:
    import pandas as pd

VERSION = 1  # of to_dict
CLEAN = mark("Nothing was found that stands in its way.")
UNEXPLAINED = mark("No reason was found.")
STOPPED = mark("Stopped before everything was looked at.")


@dataclass(frozen=True)
class Diagnosis:
    """What was found. Made by :func:`kdviz.diagnose`.

    Attributes
    ----------
    headline : str
        Whether it helped, in one sentence.
    findings : tuple of Finding
        The most severe first; empty if nothing was found.
    not_looked_at : tuple of str
        Sentences about what could not be looked at, and what the small study left out.
    helped : bool or None
        Whether the student makes fewer errors than its twin, beyond sampling noise; None without a twin.
    arms : tuple of Arm
        The runs of the small study; empty without one.
    stopped : bool
        Whether it was stopped before everything was looked at.
    """

    headline: str
    findings: tuple[Finding, ...]
    not_looked_at: tuple[str, ...] = ()
    helped: bool | None = None
    arms: tuple[Arm, ...] = ()
    stopped: bool = False

    def __post_init__(self) -> None:
        def weight(finding: Finding) -> tuple[int, int]:
            return SEVERITIES.index(finding.severity), CONFIDENCES.index(finding.confidence)

        object.__setattr__(self, "findings", tuple(sorted(self.findings, key=weight)))

    @property
    def clean(self) -> bool:
        """Whether everything that could be looked at was, and nothing was found."""
        return not self.findings and not self.stopped

    @property
    def clean_sentence(self) -> str:
        """The sentence shown when nothing was found."""
        if self.stopped:
            return t(STOPPED)
        return t(UNEXPLAINED if self.helped is False else CLEAN)

    def __getitem__(self, name: str) -> Finding:
        """Return the finding with this name; raise a ``KeyError`` that lists the names there are."""
        for finding in self.findings:
            if finding.name == name:
                return finding
        names = ", ".join(finding.name for finding in self.findings)
        raise KeyError(f"expected one of the findings ({names or 'there are none'}), got {name!r}")

    def sentences(self) -> list[str]:
        """Return the headline and the findings as sentences."""
        findings = [finding.sentence for finding in self.findings]
        return [self.headline, *(findings or [self.clean_sentence])]

    def frame(self) -> pd.DataFrame:
        """Return one row per finding: name, severity, confidence, sentence, try_code, try_link."""
        import pandas as pd

        columns = ["name", "severity", "confidence", "sentence", "try_code", "try_link"]
        return pd.DataFrame([{c: getattr(f, c) for c in columns} for f in self.findings], columns=columns)

    def arms_frame(self) -> pd.DataFrame:
        """Return one row per run of the small study: role, changes, steps, errors, examples."""
        import pandas as pd

        return pd.DataFrame([arm.to_dict() for arm in self.arms])

    def to_dict(self) -> dict[str, Any]:
        """Return the diagnosis as a dict ready for JSON."""
        return {
            "kdviz_diagnosis": VERSION,
            "headline": self.headline,
            "clean": self.clean,
            "helped": self.helped,
            "findings": [finding.to_dict() for finding in self.findings],
            "not_looked_at": list(self.not_looked_at),
            "arms": [arm.to_dict() for arm in self.arms],
        }

    def __str__(self) -> str:
        return "\n".join(self.sentences())

    def _repr_html_(self) -> str:
        """A list in the page's theme; evidence and code of each finding fold out."""
        items = "".join(_item(finding) for finding in self.findings) or f"<li>{escape(self.clean_sentence)}</li>"
        notes = "".join(f"<li>{escape(note)}</li>" for note in self.not_looked_at)
        rest = f"<details><summary>Not looked at</summary><ul>{notes}</ul></details>" if notes else ""
        return (
            f'<section aria-label="Why did it help, or not"><p><strong>{escape(self.headline)}</strong></p>'
            f"<ul>{items}</ul>{rest}</section>"
        )


def _item(finding: Finding) -> str:
    code = f"<pre><code>{escape(finding.try_code)}</code></pre>" if finding.try_code else ""
    link = f"<p>In the Lab: <code>{escape(finding.try_link)}</code></p>" if finding.try_link else ""
    return (
        f"<li><p>{escape(finding.sentence)} <em>({finding.confidence})</em></p>"
        "<details><summary>Evidence and what to try</summary>"
        f"{evidence_table(finding.evidence)}{code}{link}</details></li>"
    )


def evidence_table(evidence: Mapping[str, Any]) -> str:
    """Return the numbers as an HTML table with row headers."""
    rows = "".join(
        f'<tr><th scope="row" style="text-align:start;font-weight:normal">{escape(name)}</th>'
        f"<td>{escape(shown(value))}</td></tr>"
        for name, value in evidence.items()
    )
    return f"<table><tbody>{rows}</tbody></table>"


def shown(value: Any) -> str:
    """Return a number formatted for reading.

    >>> shown(12345), shown(0.01234), shown(-3.0), shown([2, 0, 1]), shown(None)
    ('12,345', '0.0123', '−3', '[2, 0, 1]', 'unknown')
    """
    if value is None:
        return t("unknown")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return number(value, "," if isinstance(value, int) else ",.3g" if abs(value) < 1000 else ",.0f")
