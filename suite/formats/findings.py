"""What `bench.py doctor` found, in words."""

from suite.formats.tables import paragraph
from suite.model.finding import Diagnosis, Finding
from suite.model.text import bench, shown


def findings_text(diagnosis: Diagnosis, width: int) -> str:
    """Findings and notes with their remedies, what could not be checked, and what is in order."""
    count = len(diagnosis.findings)
    parts = [
        [_finding(each, "finding", width) for each in diagnosis.findings],
        [_finding(each, "note", width) for each in diagnosis.notes],
        _unchecked(diagnosis, width),
    ]
    if diagnosis.clean:
        names = ", ".join(kind.value for kind in diagnosis.clean)
        parts.append([paragraph(f"in order: {names}", width, hanging="  ")])
    parts.append([f"{_findings(count)}" if count else "no findings"])
    return "\n\n".join("\n".join(part) for part in parts if part)


def run_note(diagnosis: Diagnosis) -> str | None:
    """The findings in one line, as a run prints it before it measures; None if there are none."""
    count = len(diagnosis.findings)
    if not count:
        return None
    names = ", ".join(dict.fromkeys(each.kind.value for each in diagnosis.findings))
    verb = "makes" if count == 1 else "make"
    return f"{_findings(count)} {verb} numbers noisy or wrong: {names}; see {bench('doctor')}"


def _findings(count: int) -> str:
    return f"{count} finding{'' if count == 1 else 's'}"


def _finding(finding: Finding, word: str, width: int) -> str:
    """The remedy has a line of its own that is never broken, so that it can be copied."""
    said = f"{word}: {finding.kind.value}: {shown(finding.evidence)}"
    return f"{paragraph(said, width, hanging='  ')}\n  try: {shown(finding.remedy)}"


def _unchecked(diagnosis: Diagnosis, width: int) -> list[str]:
    """One line for every reason."""
    reasons: dict[str, list[str]] = {}
    for each in diagnosis.unchecked:
        reasons.setdefault(each.reason, []).append(each.kind.value)
    return [
        paragraph(f"could not be checked: {', '.join(kinds)}: {shown(reason)}", width, hanging="  ")
        for reason, kinds in reasons.items()
    ]
