"""The sentences that answers are made of. Slots: {act}, {thing}, {term} and {other} (plurals made of words of the request), {role}, {n}, {m}."""

from __future__ import annotations

from random import Random

from caseforge_assets.batch_server.writer.subject import Subject

ROLES = ("process owner", "team lead", "analyst", "quality manager", "controller", "department head", "system administrator", "coordinator")
# A word of the request, used before one of these, reads well whatever kind of word it is.
HEADS = ("records", "figures", "requirements", "questions", "changes", "data", "plans", "reports")
TASKS = (
    "data capture", "document intake", "exception handling", "forecasting", "approval routing", "quality checks", "root-cause search",
    "duplicate detection", "status reporting", "knowledge search", "workload planning", "supplier matching", "risk scoring", "classification",
    "reconciliation", "scenario planning", "customer feedback analysis", "deadline monitoring", "record linking", "policy checks",
)  # fmt: skip
TITLES = (
    "Automate {task} for {thing}",
    "AI-assisted {task} for {thing}",
    "Predictive {task} in {thing}",
    "Smart {task} for {thing}",
    "Learning {task} across {thing}",
    "Early-warning {task} for {thing}",
)
OVERVIEW = (
    "To {act} is to bring {term} and {other} together, so that the people who depend on {thing} get what they need in time.",
    "The work begins when {term} give cause for it, and ends when the result is accepted and {other} are up to date.",
    "Done well, it keeps {thing} dependable: {term} are known early, {other} are settled once, and nobody has to ask twice.",
    "It touches several departments, since {term} are rarely in the hands of one team and {other} change through the year.",
    "Its scope is {thing} as a whole; neighbouring work, such as {other}, is handed over at agreed points.",
    "As {term} and {other} may pull in different directions, the {role} weighs them openly and records the decision.",
)
INTROS = (
    "For {thing}, these come first:",
    "Where people {act}, the following have proved to matter:",
    "The {role} keeps these in view, above all where {term} are concerned:",
    "What matters here depends on {term} and {other}; as a rule it is this:",
    "Seen from {term}, the following belong to {thing}:",
)
ACTIVITIES = (
    "**Collect** what is known about {term} and mark what is missing for {other}.",
    "**Compare** {term} with the last {n} months and explain every difference above {m} %.",
    "**Agree** on the {term} with everyone who will work with {thing}.",
    "**Check** {other} for completeness before the {role} signs it off.",
    "**Record** each decision on {thing} with its reason, date and owner.",
    "**Inform** those affected by {term} and answer their questions within {n} working days.",
    "**Review** how {thing} has developed, and adjust {other} where they have drifted.",
)
STEPS = (
    "The {role} opens the case and notes which {term} are concerned.",
    "Data on {term} and {other} are gathered from the systems of record.",
    "Gaps in {term} are closed with the departments that own them.",
    "Options for {thing} are drafted, each with its cost and its effect on {other}.",
    "The options are reviewed with the {role}; one is chosen and the reason is written down.",
    "The decision on {thing} is put into practice, beginning with {term}.",
    "Results are measured against the target of {n} % and shared with all involved.",
    "Lessons about {other} are fed back before the next round of {thing}.",
)
INPUTS = (
    "Current {term}, not older than {n} months",
    "The {other} of the last {m} periods",
    "Agreed responsibilities for {thing}",
    "Policies and legal rules that apply to {term}",
    "A budget for {thing}, released by the {role}",
    "Feedback from earlier rounds on {other}",
)
OUTPUTS = (
    "A decision on {thing}, signed by the {role}",
    "An updated record of the {term} that other departments can rely on",
    "A plan for {other} with dates and owners",
    "A report on {thing} that fits on {n} pages",
    "A list of open points about {term}, each with a due date",
)
PEOPLE = (
    "**{Role}**: answers for {thing} as a whole and settles conflicts about {term}.",
    "**{Role}**: prepares {term}, keeps {other} current and reports deviations above {n} %.",
    "**{Role}**: provides data on {other} within {n} working days.",
    "**{Role}**: checks the result for {thing} independently of those who made it.",
    "**{Role}**: makes sure that the systems behind {term} are available and safe.",
)
PRACTICES = (
    "Begin with the few {term} that cause most of the effort, and leave rare ones to people.",
    "Keep one source for {other}; copies age within {n} weeks.",
    "Let those who work on {thing} every day review each change before it goes live.",
    "Write down why {term} were changed, not only that they were.",
    "Measure {thing} before changing it, so that the gain can be shown later.",
)
CHALLENGES = (
    "**{Term} arrive late.** Agree on a cut-off date and show the delay of each source.",
    "**{Other} contradict other records.** Name one owner who decides which of them holds.",
    "**Too many exceptions in {thing}.** Sort them by cause every {n} weeks and remove the largest group.",
    "**Knowledge about {term} sits with one person.** Let a second person take over {thing} every {m} months.",
    "**Changes to {other} are not noticed.** Send a short note to everyone on the distribution list.",
)
FIGURES = (
    "Cycle time of {thing}: at most {n} working days from start to approval",
    "Share of {term} without rework: at least {p} %",
    "Cost of one round of {thing}, compared with the year before",
    "Complaints about {other}: fewer than {m} a quarter",
    "Deadlines met for {term}: {p} % or more",
    "Satisfaction of those who depend on {thing}: {n} of 10 or better",
)
TOOLS = (
    "Workflow system that shows where each case of {thing} stands",
    "Database with the history of {term}, open to analysis",
    "Dashboards on {other} for the {role}",
    "Document store with versions for everything agreed on {thing}",
    "Language models that draft texts on {term} for people to check",
    "Interfaces to the systems that hold {other}",
)
TEXT = (
    *OVERVIEW,
    "Most of the effort goes into {term}; a look at {other} before starting saves about {n} % of it.",
    "The {role} follows {thing} through the year and steps in when {term} depart from the plan by more than {m} %.",
)
DESCRIPTIONS = (
    "A model reads {term} and {other} as they come in and proposes the next step in {thing}.",
    "It learns from {n} years of {thing} which {term} need attention first.",
    "The {role} confirms or corrects each proposal, and the corrections improve {other}.",
    "Routine cases of {thing} pass without a hand on them; unusual {term} go to people.",
    "It drafts the {term} that are written by hand today and links them to {other}.",
    "Results for {thing} are explained in a sentence, so that the {role} can judge them.",
)
TECHNOLOGY = (
    "Access to {term} and {other} through an interface, a language model, and a place to store decisions on {thing}.",
    "A data platform with {n} years of {term}, a forecasting library and single sign-on.",
    "The workflow system behind {thing}, an extraction service for {other}, and monitoring.",
)
METRICS = (
    "Effort for {thing} falls by {n} %, errors in {term} by {p} %.",
    "{p} % of {term} handled without rework within {m} months.",
    "Cycle time of {thing} shortened by {n} working days.",
)
TIMELINES = (
    "{m} weeks for a pilot with {term}, then {n} months to cover all of {thing}.",
    "Preparation {m} weeks, pilot {n} weeks, rollout within the year.",
    "{n} months in two phases: first {term}, then {other}.",
)
BENEFITS = (
    "Less time is spent on {term}: {n} to {p} hours a month (assumption, from the number of {other}).",
    "Errors in {other} are found before they reach those who depend on {thing}.",
    "Of {term}, {m} to {n} % need no rework any more (assumption, to be measured in the pilot).",
    "The {role} sees earlier where {thing} falls behind, and can act while {term} can still be changed.",
    "Running it takes {m} to {n} hours a week of the {role} (assumption), beside what the systems cost.",
)
INTERFACES = (
    "From the system of record to {thing}: {term}, once a day, as a file at first.",
    "From {thing} back to the system of record: decisions on {other}, as soon as the {role} has confirmed them.",
    "When the transfer of {term} fails, the {role} is told within {n} hours and enters the {other} by hand.",
    "Access to {other} goes by roles; what was read and changed is kept for {n} months.",
)
ROADMAPS = (
    "Weeks 1 to {m}: {term} are checked for gaps, and the {role} decides whether to go on.",
    "After that a pilot with one part of {thing}: {n} weeks, until {other} are as good as those made by hand.",
    "Roll-out to all of {thing} once the {role} has accepted the pilot; {term} follow in {m} steps.",
    "Effort of the {role}: {n} to {p} person-days (assumption, from the work on {other} so far).",
)
RETURNS = (
    "Pays back within {n} months through less effort in {thing}.",
    "About {n} % lower cost of {thing} in the first year.",
    "{p} % of the investment is recovered in year one, mostly through {term}.",
)


def fill(template: str, subject: Subject, rng: Random) -> str:
    """A template with its slots filled; the same random state gives the same text."""
    numbers = rng.getrandbits(64)  # One draw for all slots: this runs a hundred times for every answer.
    numbers, word = divmod(numbers, len(subject.terms))
    numbers, step = divmod(numbers, len(subject.terms) - 1)
    numbers, head = divmod(numbers, len(HEADS))
    numbers, role = divmod(numbers, len(ROLES))
    term = f"{subject.terms[word]} {HEADS[head]}"
    other = f"{subject.terms[word - step - 1]} {HEADS[head - 1 - numbers % 5]}"
    text = template.format(
        act=subject.act,
        thing=subject.thing,
        term=term,
        other=other,
        role=ROLES[role],
        Term=term.capitalize(),
        Other=other.capitalize(),
        Role=ROLES[role].capitalize(),
        n=4 + numbers % 6,
        m=2 + numbers % 7,
        p=80 + numbers % 18,
    )
    return text[0].upper() + text[1:]
