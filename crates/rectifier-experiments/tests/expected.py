"""What SciPy and statsmodels say, for the tests of `statistics`:

    python3 expected.py > expected.json

needs scipy >= 1.13, numpy and statsmodels.
"""

import json
import warnings

import numpy as np
import scipy
import statsmodels
from scipy import optimize, stats
from statsmodels.nonparametric.smoothers_lowess import lowess
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

warnings.simplefilter("error")
rng = np.random.default_rng(1)


def numbers(values):
    return [float(value) for value in values]


def means():
    for values in [[1.43, 1.39, 1.51, 1.46, 1.40], [0.5, 0.25], numbers(rng.normal(50, 3, 40)), [1e-9, 3e-9, 2e-9]]:
        for level in [0.9, 0.95, 0.999]:
            deviation = np.std(values, ddof=1)
            low, high = stats.t.interval(level, len(values) - 1, np.mean(values), deviation / np.sqrt(len(values)))
            yield dict(values=values, level=level, mean=np.mean(values), deviation=deviation, low=low, high=high)


def proportions():
    for successes, trials in [(143, 10000), (0, 10), (10, 10), (1, 1), (499, 1000), (3, 81_920_000)]:
        for level in [0.9, 0.95, 0.99]:
            low, high = proportion_confint(successes, trials, alpha=1 - level, method="wilson")
            yield dict(successes=successes, trials=trials, level=level, low=low, high=high)


def mcnemars():
    for first, second in [(0, 0), (0, 1), (5, 0), (12, 25), (25, 12), (40, 40), (143, 120), (3000, 3200), (20000, 20500)]:
        exact = mcnemar([[0, first], [second, 0]], exact=True).pvalue
        fewer = min(first, second)
        coin = stats.binom(first + second, 0.5)
        mid = 1.0 if first == second else min(1.0, 2 * coin.cdf(fewer) - coin.pmf(fewer))
        yield dict(first=first, second=second, exact=float(exact), mid=float(mid))


def t_tests():
    groups = [numbers(rng.normal(1.4, 0.1, n)) for n in (3, 5, 5, 10, 10, 40, 40)]
    for one in groups:
        for other in groups:
            if one is other:
                continue
            welch = stats.ttest_ind(one, other, equal_var=False)
            interval = welch.confidence_interval(0.95)
            case = dict(first=one, second=other, published=1.43)
            case["welch"] = dict(t=welch.statistic, p=welch.pvalue, df=welch.df, low=interval.low, high=interval.high)
            alone = stats.ttest_1samp(one, 1.43)
            interval = alone.confidence_interval(0.95)
            # SciPy's interval is that of the mean, ours that of the difference.
            case["against"] = dict(t=alone.statistic, p=alone.pvalue, df=alone.df, low=interval.low - 1.43, high=interval.high - 1.43)
            if len(one) == len(other):
                paired = stats.ttest_rel(one, other)
                interval = paired.confidence_interval(0.95)
                case["paired"] = dict(t=paired.statistic, p=paired.pvalue, df=paired.df, low=interval.low, high=interval.high)
            yield case


def wilcoxons():
    def case(first, second):
        first, second = np.asarray(first, float), np.asarray(second, float)
        difference = first - second
        difference = difference[difference != 0]
        count = len(difference)
        tied = len(np.unique(np.abs(difference))) < count
        if count > 50:
            method = "asymptotic"
        elif tied:
            # Every choice of signs: with ties SciPy's "exact" is not.
            method = stats.PermutationMethod(n_resamples=np.inf)
        else:
            method = "exact"
        test = stats.wilcoxon(difference, method=method, correction=False)
        return dict(first=numbers(first), second=numbers(second), statistic=test.statistic, p=test.pvalue, exact=count <= 50)

    for count in [2, 3, 5, 8, 10, 20, 50]:
        yield case(rng.normal(0.5, 1, count), np.zeros(count))
    yield case([1, -1, -2], [0, 0, 0])
    yield case([1, 2, 2, 3, -3, 4, 0, 0, -1], np.zeros(9))
    yield case(rng.integers(-3, 6, 12), np.zeros(12))
    yield case(rng.normal(0.2, 1, 120), np.zeros(120))
    yield case(rng.integers(-9, 12, 200), np.zeros(200))


def multiple():
    for ps in [[0.01, 0.04, 0.03, 0.005], [0.2], [0.5, 0.5, 0.5], [0.0, 1.0, 0.03], numbers(rng.uniform(0, 0.1, 12))]:
        adjusted = {method: numbers(multipletests(ps, method=method)[1]) for method in ("holm", "bonferroni")}
        yield dict(ps=ps, **adjusted)


def hinges():
    side = 3

    def residual(xs, ys, at):
        design = np.stack([np.ones_like(xs), np.maximum(xs - at, 0)], 1)
        return np.linalg.lstsq(design, ys, rcond=None)[0], float(((ys - design @ np.linalg.lstsq(design, ys, rcond=None)[0]) ** 2).sum())

    for count, at, slope, noise in [(30, 20.3, 0.5, 0.3), (60, 41.0, 0.1, 0.5), (200, 85.0, 0.08, 0.1), (40, 10.0, -0.3, 0.4), (12, 6.5, 1.0, 0.2)]:
        xs = np.sort(rng.uniform(0, 100 if count == 200 else count, count))
        ys = 1.4 + slope * np.maximum(xs - at, 0) + rng.normal(0, noise, count)
        best = None
        for left in range(side, count - side + 1):
            low, high = xs[left - 1], xs[left]
            found = optimize.minimize_scalar(lambda at: residual(xs, ys, at)[1], bounds=(low, high), method="bounded", options=dict(xatol=1e-10))
            for place in (low, found.x):
                fit, rest = residual(xs, ys, place)
                if best is None or rest < best[0]:
                    best = (rest, float(place), fit)
        rest, place, (before, rise) = best
        flat = float(((ys - ys.mean()) ** 2).sum())
        f = (flat - rest) / 2 / (rest / (count - 3))
        yield dict(xs=numbers(xs), ys=numbers(ys), at=place, before=before, slope=rise, residual=rest, flat=flat, f=f, p=stats.f.sf(f, 2, count - 3))


def smooths():
    for count, share, robust in [(30, 2 / 3, 3), (30, 0.3, 0), (50, 0.5, 2), (200, 0.4, 3)]:
        xs = np.sort(rng.uniform(0, 10, count))
        ys = np.sin(xs) + rng.normal(0, 0.3, count)
        ys[count // 2] += 5
        at = np.linspace(xs[0], xs[-1], 9)
        smooth = lowess(ys, xs, frac=share, it=robust, delta=0, xvals=at)
        yield dict(xs=numbers(xs), ys=numbers(ys), share=share, robust=robust, at=numbers(at), smooth=numbers(smooth))


def plain(value):
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value.item() if isinstance(value, np.generic) else value


parts = dict(
    mean=means(), wilson=proportions(), mcnemar=mcnemars(), t=t_tests(), wilcoxon=wilcoxons(), multiple=multiple(),
    hinge=hinges(), lowess=smooths(),
)
figures = {name: plain(list(cases)) for name, cases in parts.items()}
figures["made by"] = f"scipy {scipy.__version__}, numpy {np.__version__}, statsmodels {statsmodels.__version__}"
print(json.dumps(figures, allow_nan=False))
