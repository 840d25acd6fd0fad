"""The figures as plain text."""

from collections.abc import Iterator, Sequence
from statistics import median, quantiles

from benchmarks.measures import Case
from benchmarks.run import Results

# What Odoo publishes for one order of so many serial numbers.
_ODOO = {5_000: "Odoo publishes 56.3 s"}


def _row(*cells: str) -> str:
    return "{:<36}{:>8}{:>9}{:>9}  {:<13}{:>11}{:>9}  {}".format(*cells).rstrip()


def render(results: Results) -> str:
    """Put all figures into one text, the floor before what stands on it."""
    sections = (_heading(results), _rates(results.cases), _rest(results))
    return "\n\n".join("\n".join(section) for section in sections)


def _heading(results: Results) -> Iterator[str]:
    scale = results.scale
    yield ", ".join(f"{name} {version}" for name, version in results.versions.items())
    settings = ", ".join(f"{name} {setting}" for name, setting in results.settings.items())
    yield f"{settings}; no vacuum while measuring"
    yield f"{scale.clients} clients, {results.serials:,} serials in the table"
    yield (
        f"medians of {scale.rounds} rounds, each of {scale.claims:,} UPDATEs by id (the floor), "
        f"{scale.claims:,} claims and {scale.orders:,} orders of one serial reconciled"
    )


def _rates(cases: Sequence[Case]) -> Iterator[str]:
    yield _row("", "floor", "claim", "of", "", "reconcile", "of", "")
    yield _row("pack of", "/s", "/s", "floor", "quartiles", "/s", "floor", "quartiles")
    claims, reconciles = [], []
    for case in cases:
        claims.append([round_.claim / round_.floor for round_ in case.rounds])
        reconciles.append([round_.reconcile / round_.floor for round_ in case.rounds])
        yield _row(
            case.title,
            f"{median(round_.floor for round_ in case.rounds):,.0f}",
            f"{median(round_.claim for round_ in case.rounds):,.0f}",
            *_spread(claims[-1], digits=2),
            f"{median(round_.reconcile for round_ in case.rounds):,.0f}",
            *_spread(reconciles[-1], digits=3),
        )
    yield _row(
        *("dearest case / cheapest", "", ""),
        *(_flatness(claims), "", ""),
        *(_flatness(reconciles), ""),
    )


def _spread(ratios: Sequence[float], *, digits: int) -> tuple[str, str]:
    lower, middle, upper = quantiles(ratios, n=4, method="inclusive")
    return f"{middle:.{digits}f}", f"{lower:.{digits}f} to {upper:.{digits}f}"


def _flatness(cases: Sequence[Sequence[float]]) -> str:
    medians = [median(ratios) for ratios in cases]
    return f"{max(medians) / min(medians):.2f}"


def _rest(results: Results) -> Iterator[str]:
    scale = results.scale
    floor = median(order.floor for order in results.large_orders)
    reconcile = median(order.reconcile for order in results.large_orders)
    odoo = f"; {_ODOO[scale.large_order]}" if scale.large_order in _ODOO else ""
    yield (
        f"One order of {scale.large_order:,} serials from a pack of {scale.large_order_pack:,}: "
        f"{reconcile:.2f} s, {reconcile / floor:.1f} times its floor{odoo}"
    )
    yield f"  its floor, one UPDATE of {scale.large_order:,} serials by their ids: {floor:.2f} s"
    counts = ", ".join(f"{number} for {size:,}" for size, number in results.statements.items())
    yield f"SQL statements of a reconcile, by the number of serials: {counts}"
    walked = max(results.cases, key=lambda case: case.just_sold)
    yield (
        f"First round behind {walked.just_sold:,} sold at once, when each client walks past them: "
        f"claims at {walked.rounds[0].claim / walked.rounds[0].floor:.2f} of the floor"
    )
    first = results.first_claim
    yield (
        f"Claim behind {first.sold:,} serials sold one by one, no vacuum since: "
        f"{first.first * 1000:.1f} ms, the next process {first.again * 1000:.1f} ms, "
        f"one that remembers {first.remembered * 1000:.1f} ms"
    )
    yield f"Plan of the claim: {', '.join(sorted(results.plans))}"
