"""Budgets that fit: fewer answers are cut off at the first try, and less is reserved."""

from __future__ import annotations

import math
import random

from caseforge_assets.costs.budget_fit import ENOUGH_ANSWERS, STEP_TOKENS, BudgetFit, RequestSize, UsedTokens, fit_budgets

LEAST, MOST, FLAT = 1_024, 32_000, 8_000


def made_up(count: int, seed: int = 1) -> list[UsedTokens]:
    """Answers that grow with the request, the level and the KPIs, with chance in them."""
    chance = random.Random(seed)
    answers = []
    for _ in range(count):
        size = RequestSize(chance.randint(200, 2_000), chance.randint(3, 5), chance.randint(0, 6))
        tokens = math.exp(5.5 + 0.4 * math.log(size.input_tokens) + 0.05 * size.level + 0.03 * size.kpis + chance.gauss(0, 0.25))
        answers.append(UsedTokens(size, round(tokens), False))
    return answers


def fitted(answers: list[UsedTokens], quantile: float) -> BudgetFit:
    fit = fit_budgets(answers, quantile)
    assert fit is not None
    return fit


def test_without_enough_history_there_is_no_fit() -> None:
    assert fit_budgets(made_up(ENOUGH_ANSWERS - 1), 0.98) is None


def test_on_answers_that_it_has_not_seen_fewer_are_cut_off_and_less_is_reserved() -> None:
    fit, others = fitted(made_up(1_000), 0.98), made_up(1_000, seed=2)
    budgets = [fit.budget(answer.size, LEAST, MOST) for answer in others]
    flat = sorted(answer.output_tokens for answer in others)[979]  # one budget for all that is enough for as many
    cut = sum(answer.output_tokens > budget for answer, budget in zip(others, budgets, strict=True)) / len(others)
    assert cut < 0.04
    assert sum(budgets) < 0.95 * flat * len(others)


def test_the_quantile_is_the_share_that_has_room() -> None:
    answers = made_up(2_000)
    shares = []
    for quantile in (0.6, 0.9, 0.99):
        fit = fitted(answers, quantile)
        shares.append(sum(answer.output_tokens <= fit.budget(answer.size, 1, 10**6) for answer in answers) / len(answers))
    assert all(abs(share - quantile) < 0.04 for share, quantile in zip(shares, (0.6, 0.9, 0.99), strict=True))


def test_of_like_requests_just_that_share_has_room() -> None:
    size = RequestSize(800, 4, 2)
    answers = [UsedTokens(size, STEP_TOKENS * number - 100, False) for number in range(1, ENOUGH_ANSWERS + 1)]
    budgets = [fitted(answers, quantile).budget(size, 1, 10**6) for quantile in (0.005, 0.5, 1.0)]
    assert budgets == [STEP_TOKENS * number for number in (1, ENOUGH_ANSWERS // 2, ENOUGH_ANSWERS)]
    assert fit_budgets([*answers, UsedTokens(size, FLAT, True)], 1.0) is None


def test_truncated_answers_count_as_ones_that_had_no_room() -> None:
    whole = made_up(900)
    cut = [UsedTokens(answer.size, FLAT, True) for answer in made_up(100, seed=3)]
    size = RequestSize(800, 4, 2)
    assert fitted(whole + cut, 0.85).budget(size, LEAST, MOST) > fitted(whole, 0.85).budget(size, LEAST, MOST)
    assert fit_budgets(whole + cut, 0.95) is None, "the history does not say how much those would have needed"


def test_an_answer_without_tokens_says_nothing_of_what_is_needed() -> None:
    answers, size = made_up(ENOUGH_ANSWERS), RequestSize(800, 4, 2)
    assert fit_budgets([*answers[1:], UsedTokens(size, 0, False)], 0.9) is None, "it does not count among those that are enough"
    assert LEAST < fitted([*answers, UsedTokens(size, 0, False)], 0.9).budget(size, LEAST, MOST) < MOST


def test_budgets_stay_within_bounds_and_come_in_steps() -> None:
    fit = fitted(made_up(500), 0.98)
    budgets = {fit.budget(RequestSize(tokens, 4, 1), LEAST, MOST) for tokens in range(1, 100_000, 500)}
    assert all(LEAST <= budget <= MOST and budget % STEP_TOKENS == 0 for budget in budgets)
    assert fit.budget(RequestSize(10**9, 9, 99), LEAST, MOST) == MOST
