"""The verdicts on how good a framework's contents are. They warn, and fail where a larger share is not in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from caseforge_assets.reports.checks import SHARE_MIN_COUNT, Check
from caseforge_assets.reports.quality import HasTitle, Levels, Measured, NearDuplicate, say_why, summarize, unbalanced
from caseforge_assets.wording import counted

SCORES_SUFFICIENT = "scores_sufficient"
NO_NEAR_DUPLICATES = "no_near_duplicates"
TITLES_DISTINCT = "titles_distinct"
LEVELS_BALANCED = "levels_balanced"

ABOUT_QUALITY = {
    SCORES_SUFFICIENT: "No content scores less than `quality_warn_below`; an error where more than `quality_fail_share` of them do.",
    NO_NEAR_DUPLICATES: "No document shares most of its phrases with that of another node. Simulated ones are not compared.",
    TITLES_DISTINCT: "Few candidates of different nodes have the same title, word order and endings aside. Simulated ones are not compared.",
    LEVELS_BALANCED: "Levels are spread about as is aimed at (complexity of candidates: 20/60/20), and not nearly all candidates have one category, return or risk; simulated ones are left out.",
}


def check_scores(asset: str, rows: Sequence[Measured], warn_below: int, fail_share: float) -> Check:
    """Passes when no content scores less than the limit; contents that are not measured are counted apart, and neither good nor bad."""
    summary = summarize(rows, warn_below)
    low = sorted((row.score, row.partition_key, say_why(row)) for row in rows if row.score is not None and row.score < warn_below)
    of_all = f"{summary.low:,} of {counted(summary.measured, 'measured content')} {'scores' if summary.low == 1 else 'score'}"
    says = f"{of_all} less than {warn_below}" if rows else "no content is there yet"
    if unmeasured := summary.contents - summary.measured:
        says += f"; {counted(unmeasured, 'is', 'are')} not measured (`caseforge quality --framework KEY` measures them)"
    figures: dict[str, int | float] = {"measured": summary.measured, "low_scores": summary.low, "unmeasured": unmeasured}
    if summary.mean is not None and summary.median is not None and summary.lowest is not None:
        figures |= {"mean_score": round(summary.mean, 1), "median_score": float(summary.median), "lowest_score": summary.lowest}
    severe = summary.low >= SHARE_MIN_COUNT and summary.low > fail_share * summary.measured
    return Check(
        asset,
        SCORES_SUFFICIENT,
        not low,
        says,
        figures,
        tuple((key, f"{score}: {why}" if why else str(score)) for score, key, why in low),
        severe,
    )


def check_near_duplicates(asset: str, compared: int, found: Sequence[NearDuplicate], fail_share: float) -> Check:
    """Passes when no document is nearly the same as another node's."""
    of_all = counted(compared, "document that is not simulated", "documents that are not simulated")
    says = f"{len(found):,} of {of_all} {'is' if len(found) == 1 else 'are'} nearly the same as another node's"
    nodes = tuple((node.partition_key, f"about {node.likeness:.0%} of its phrases stand in {node.like}, too") for node in found)
    severe = len(found) >= SHARE_MIN_COUNT and len(found) > fail_share * compared
    return Check(asset, NO_NEAR_DUPLICATES, not found, says, {"compared": compared, "near_duplicates": len(found)}, nodes, severe)


def check_titles(asset: str, compared: int, groups: Sequence[Sequence[HasTitle]], fail_share: float, items: str = "candidates") -> Check:
    """Passes while at most the share given of all items has a title that another node has, too; titles are listed in any case."""
    repeated = sum(len(group) for group in groups)
    says = f"{repeated:,} of {compared:,} {items} that are not simulated {'has' if repeated == 1 else 'have'} a title that another node has, too"
    nodes = tuple((member.partition_key, f"{member.candidate_uid}: {member.title}") for group in groups for member in group)
    figures: dict[str, int | float] = {"compared": compared, "repeated_titles": repeated}
    return Check(asset, TITLES_DISTINCT, repeated <= fail_share * compared, says, figures, nodes)


def check_balance(
    asset: str, by_branch: Mapping[str, Levels], shares: Mapping[str, Mapping[str, float]], tolerance: float, items: str = "candidates"
) -> Check:
    """Passes when the items of the whole framework are in balance; branches that are not are listed in any case."""
    overall = unbalanced(by_branch.get("", {}), shares, tolerance)
    branches = tuple(
        (branch, "; ".join(said)) for branch, levels in by_branch.items() if branch and (said := unbalanced(levels, shares, tolerance))
    )
    total = max((sum(counts.values()) for counts in by_branch.get("", {}).values()), default=0)
    says = (
        f"{total:,} {items} that are not simulated, in balance as a whole"
        if total
        else f"no {items} are there yet that a model wrote; simulated ones do not count"
    )
    if overall:
        says = "; ".join(overall)
    return Check(asset, LEVELS_BALANCED, not overall, says, {"compared": total, "unbalanced_branches": len(branches)}, branches)
