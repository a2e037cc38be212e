"""What `milo report agreement` prints beside the coefficients of single labels."""

from app.services.aggregated_labels import AggregatedLabels
from app.services.parts_agreement import PartsAgreement

__all__ = ["interval", "print_labels", "print_parts"]


def interval(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return "undefined"
    return f"{value:.3f}" + ("" if low is None or high is None else f" [{low:.3f}, {high:.3f}]")


def print_parts(found: PartsAgreement) -> None:
    for one in found.label_sets:
        for name, alpha in (("MASI", one.masi), ("Jaccard", one.jaccard)):
            why = f" ({alpha.reason})" if alpha.reason else ""
            print(
                f"{one.question:<16} {one.rater_kind:<6} alpha {name:<8} {interval(alpha.value, alpha.low, alpha.high)}{why}"
                f"  n={alpha.n_items} items, {alpha.n_raters} raters"
            )
    for marked in found.spans:
        for name, f1 in (("F1 exact", marked.exact), ("F1 overlap", marked.overlap)):
            why = f" ({f1.reason})" if f1.reason else ""
            print(
                f"{marked.question:<16} {marked.rater_kind:<6} {name:<14} {interval(f1.value, f1.low, f1.high)}{why}"
                f"  n={f1.n_items} items, {f1.n_pairs} pairs"
            )
        place = marked.position
        why = f" ({place.reason})" if place.reason else ""
        print(
            f"{marked.question:<16} {marked.rater_kind:<6} alpha of characters {interval(place.value, place.low, place.high)}{why}"
            f"  n={place.n_items} items"
        )
    for order in found.preferences:
        first = order.first
        print(
            f"{order.question:<16} {order.rater_kind:<6} what stood first preferred: "
            f"{interval(first.value, first.low, first.high)}  n={first.n}; {order.ties} ties, order unknown {order.unknown}"
        )
    for left in found.left_out:
        print(f"{left.question:<16} not compared: {left.reason}")


def print_labels(found: AggregatedLabels) -> None:
    for item in found.items:
        print(
            f"{item.item:<24} {item.label or 'tie':<20} {item.confidence:.3f}  entropy {item.entropy:.3f}  n={item.n}"
        )
    print(f"{len(found.items)} items by {found.method}, {found.ties} ties")
    for words, figures in (
        ("right with probability", found.accuracy),
        ("knows rather than guesses with probability", found.competence),
        ("ability", found.ability),
    ):
        for rater, figure in (figures or {}).items():
            print(f"  {rater:<24} {words} {figure:.3f}")
    for rater, skill in (found.skill or {}).items():
        print(f"  {rater:<24} right on {skill.right:g} of {skill.n:g} known items")
    print(f"{found.method} {found.needs}")
    if found.note:
        print(f"note: {found.note}")
