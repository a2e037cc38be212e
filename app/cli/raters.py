"""`milo report raters`: signs of careless work, and what they are worth."""

from typing import Annotated

import typer

from app.analytics.rater_signals import FEWEST_KNOWN, MARGIN, SIGNALS
from app.analytics.shares import PeopleShare
from app.cli.agreement import interval
from app.cli.session import OPERATOR, DataDir, Json, opened, print_json
from app.services import reports
from app.services.projects import find_project
from app.services.rater_signals import rater_signals

__all__ = ["raters"]


def raters(
    project: str,
    repeats: Annotated[
        bool, typer.Option("--repeats", help="A rater's further ratings of the same item count too.")
    ] = False,
    data_dir: DataDir = None,
    json: Json = False,
) -> None:
    """Signs of careless work: speed, one label throughout, agreement with the others; and whether they find who is often wrong.

    A sign is a reason to look at somebody's answers, no finding about them.
    """
    with opened(data_dir) as ctx:
        found = rater_signals(ctx, OPERATOR, find_project(ctx, OPERATOR, project).id, repeats=repeats)
    if json:
        print_json(reports.as_json(found))
        return
    for one in found:
        figures = one.figures
        print(f"{one.question}: single judgments right {_share(figures.judgments)}")
        print(
            f"  in under a third of the item's median time {_share(figures.quick)}; others {_share(figures.others)}"
        )
        for rater in figures.raters:
            wrong = {
                True: "often wrong",
                False: "not often wrong",
                None: f"fewer than {FEWEST_KNOWN} known items",
            }
            print(
                f"  {rater.rater:<24} peers {interval(rater.peers, None, None)}, most used {rater.top_label!r} {rater.top_share:.2f}, "
                f"within 3 s {interval(rater.within_3s, None, None)}, time {interval(rater.relative_time, None, None)} of the median, "
                f"right {interval(rater.right, None, None)} of {rater.known} known ({wrong[rater.often_wrong]}); n={rater.ratings}"
            )
        for sign in figures.finds:
            print(
                f"  finds who is often wrong, AUROC {interval(sign.auroc, sign.low, sign.high)}: {SIGNALS[sign.signal]}"
                + (
                    f" ({sign.reason})"
                    if sign.reason
                    else f"  n={sign.often_wrong} of {sign.often_wrong + sign.others}"
                )
            )
    print(
        f"Often wrong: more than {MARGIN:.2f} below the median rater's share right, from {FEWEST_KNOWN} known items on. "
        "Signs are reasons to look, not findings."
    )


def _share(share: PeopleShare) -> str:
    return (
        "unknown: no known item"
        if share.value is None
        else f"{interval(share.value, share.low, share.high)}, n={share.n} by {share.n_raters}"
    )
