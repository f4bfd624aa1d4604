"""Made-up ideas: a technique applied to a matter, each told in several ways, so that which candidates tell the same idea is known by construction."""

from __future__ import annotations

# A technique: ways to title it, and sentences in which it is told, several wordings each. {x} is the matter, {w} a word of its own.
TECHNIQUES: dict[str, tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]] = {
    "extraction": (
        ("AI-based data extraction from {x}", "Automated capture of {x} with document AI", "Intelligent reading of {x}"),
        (
            ("Incoming {x} arrive by e-mail, portal and paper and are read by a document model that extracts fields with their position.", "A document AI reads {x} from mailboxes and scanners and extracts their fields, each with its position."),
            ("Fields below a confidence threshold go to a validation queue, and corrections retrain the extraction model.", "What the extraction is not sure of is shown in a validation queue; the model learns from corrected fields."),
            ("Extracted {w} are posted through an interface instead of being typed.", "The fields are handed on by an interface, so that {w} need not be keyed in."),
        ),
    ),
    "forecast": (
        ("Machine-learning forecast for {x}", "Predictive forecasting of {x}", "Demand-style forecasting model for {x}"),
        (
            ("A time-series model forecasts {x} by week from history, seasonality and outside drivers.", "Weekly forecasts of {x} come from a time-series model that knows season, history and external drivers."),
            ("Forecast error is tracked by horizon, and planners override where they know more.", "Planners can override the forecast; its error is tracked for each horizon."),
            ("Scenarios show what becomes of {w} when assumptions change.", "Assumptions about {w} can be changed in scenarios."),
        ),
    ),
    "anomalies": (
        ("Anomaly detection in {x}", "Early detection of outliers in {x}", "Continuous monitoring of {x} for anomalies"),
        (
            ("An unsupervised model scores {x} for anomalies as they are recorded and explains which attributes are unusual.", "Anomalies in {x} are scored by an unsupervised model, with the attributes that make them unusual."),
            ("Alerts are triaged by an analyst whose verdict tunes the thresholds.", "Analysts triage alerts; thresholds follow from their verdicts."),
            ("Patterns in {w} that rules miss come to light before the books close.", "Before closing, odd patterns in {w} that no rule covers are seen."),
        ),
    ),
    "assistant": (
        ("Generative assistant for questions on {x}", "Conversational copilot for {x}", "Chat assistant answering questions about {x}"),
        (
            ("A retrieval-augmented chat assistant answers questions about {x} with citations of the passages it used.", "Questions on {x} are answered in chat by retrieval-augmented generation, citing passages."),
            ("Unanswered questions become tickets and show where knowledge articles are missing.", "Where the assistant has no answer a ticket is opened, which shows missing knowledge articles."),
            ("Staff no longer search folders for {w}.", "Nobody has to look through folders for {w}."),
        ),
    ),
    "routing": (
        ("Rule-based approval routing for {x}", "Automated approval workflow for {x}", "Digital approval chain for {x}"),
        (
            ("Approvals of {x} are routed by amount, cost centre and delegation of authority in a workflow engine.", "A workflow engine routes {x} to approvers by delegation of authority, amount and cost centre."),
            ("Reminders and escalation follow deadlines, deputies step in during absence.", "Deputies act during absence; deadlines bring reminders and escalation."),
            ("Each signature on {w} is logged for the auditors.", "Auditors see who signed {w}."),
        ),
    ),
    "matching": (
        ("Automated matching and reconciliation of {x}", "AI-supported reconciliation of {x}", "Touchless matching for {x}"),
        (
            ("A matching engine reconciles {x} across ledgers with fuzzy keys and tolerances, and proposes pairs for the rest.", "{x} are reconciled across ledgers by fuzzy matching with tolerances; for the rest, pairs are proposed."),
            ("Breaks are aged and assigned with their likely cause.", "Each break has an owner, an age and a probable cause."),
            ("Clerks deal with exceptions in {w} alone.", "Only exceptions in {w} reach a clerk."),
        ),
    ),
    "classification": (
        ("Automatic classification of {x}", "AI triage and tagging of {x}", "Text classification for {x}"),
        (
            ("A language model classifies {x} into a taxonomy of topics and urgency and tags them on arrival.", "On arrival, {x} are tagged with topic and urgency from a taxonomy by a language model."),
            ("Misroutes are measured weekly and the taxonomy is pruned.", "The taxonomy is pruned as weekly misroutes show."),
            ("The right team has {w} within minutes.", "Within minutes {w} are with the team that can act."),
        ),
    ),
    "mining": (
        ("Process mining of {x}", "Event-log analysis of {x} to find bottlenecks", "Mining variants and bottlenecks in {x}"),
        (
            ("Event logs of {x} are mined for variants, loops and waiting times.", "Process mining shows variants, loops and waiting in the event logs of {x}."),
            ("Bottlenecks are ranked by lost hours, and conformance with the target model is tracked.", "Conformance to the target model is tracked; lost hours rank the bottlenecks."),
            ("Rework on {w} becomes visible.", "One sees where {w} are reworked."),
        ),
    ),
    "dashboard": (
        ("Real-time dashboard for {x}", "Self-service analytics on {x}", "Live KPI cockpit for {x}"),
        (
            ("A semantic layer feeds a dashboard on {x} with drill-down to the record and alerts on targets.", "Dashboards on {x} are fed from a semantic layer, drill down to single records and alert on missed targets."),
            ("Definitions of indicators are governed in one catalogue.", "One catalogue governs how indicators are defined."),
            ("Monthly spreadsheets about {w} are retired.", "Nobody compiles spreadsheets on {w} each month."),
        ),
    ),
    "risk": (
        ("Risk scoring model for {x}", "Predictive risk rating of {x}", "Machine-learned risk scores for {x}"),
        (
            ("A gradient-boosted model rates the risk of {x} from internal history and external ratings, with reason codes.", "External ratings and own history feed a gradient-boosted model that gives {x} a risk rating and reason codes."),
            ("High scores trigger a second review; fairness and drift are checked each quarter.", "Drift and fairness are checked quarterly, and a second review follows high scores."),
            ("Attention goes to {w} that matter.", "Reviewers begin with the {w} that matter most."),
        ),
    ),
    "drafting": (
        ("Generative drafting of {x}", "AI writing aid for {x}", "Automatic first drafts of {x}"),
        (
            ("A generative model drafts {x} from templates, approved clauses and data of the case.", "First drafts of {x} are generated from approved clauses, templates and the data of the case."),
            ("Editors compare the draft with its sources and release it; tone and terminology are enforced.", "Tone and terminology are enforced, and an editor releases the draft after comparing it with its sources."),
            ("Writing {w} takes minutes.", "It takes minutes to write {w}."),
        ),
    ),
    "scheduling": (
        ("Optimised scheduling of {x}", "Constraint-based planning of {x}", "Optimisation engine for scheduling {x}"),
        (
            ("A constraint solver schedules {x} by skills, capacity and due dates and replans upon disruption.", "{x} are scheduled by a constraint solver that heeds due dates, capacity and skills, and replans when something breaks."),
            ("Dispatchers lock what must not move and see the cost of it.", "What must not move is locked by dispatchers, who see what that costs."),
            ("Idle time around {w} shrinks.", "Less time is idle around {w}."),
        ),
    ),
    "masterdata": (
        ("Duplicate detection in master data of {x}", "Master-data cleansing for {x}", "Golden records for {x} by entity resolution"),
        (
            ("Entity resolution finds duplicates among master data of {x} and proposes golden records with survivorship rules.", "Golden records of {x} are proposed by entity resolution, which finds duplicates and applies survivorship rules."),
            ("Stewards confirm merges, and entry screens warn of likely duplicates.", "Entry screens warn of probable duplicates; merges are confirmed by stewards."),
            ("Reports on {w} add up again.", "Figures on {w} add up."),
        ),
    ),
    "robot": (
        ("Software robots for {x}", "Robotic process automation of {x}", "Unattended bots handling {x}"),
        (
            ("Unattended robots carry {x} between screens of legacy systems that have no interface.", "Where legacy systems have no interface, robots move {x} from screen to screen unattended."),
            ("A control room watches queues, credentials and failures of bots.", "Queues, credentials and failed bots are watched from a control room."),
            ("Copying {w} by hand ends.", "No one copies {w} by hand."),
        ),
    ),
    "sentiment": (
        ("Sentiment analysis of {x}", "Mining opinions in {x}", "Voice-of-customer analytics on {x}"),
        (
            ("Sentiment and themes are mined from {x} in all languages and trended by segment.", "Themes and sentiment in {x}, whatever the language, are trended by segment."),
            ("Owners of a theme answer within a sprint and the effect is measured.", "Each theme has an owner who reacts within a sprint, and the effect is measured."),
            ("Complaints about {w} are heard early.", "Early on one hears what is wrong with {w}."),
        ),
    ),
    "twin": (
        ("Simulation of {x} with a digital twin", "Digital twin for {x}", "What-if simulator of {x}"),
        (
            ("A digital twin simulates {x} with live parameters and compares what-if experiments.", "What-if experiments on {x} run in a digital twin that is fed with live parameters."),
            ("Calibration against actuals is automatic, and results carry confidence bands.", "Results have confidence bands; the twin calibrates itself against actuals."),
            ("Changes to {w} are tried before they are made.", "One tries changes to {w} before making them."),
        ),
    ),
}  # fmt: skip

# Matters: how they are called, and words that go with them.
MATTERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "invoices": (("supplier invoices", "incoming invoices", "accounts-payable invoices"), ("invoice lines", "payment terms", "purchase orders", "goods receipts", "early-payment discounts", "remittance addresses", "tax amounts")),
    "contracts": (("supplier contracts", "contracts with vendors", "procurement contracts"), ("contract clauses", "renewal dates", "liability caps", "notice periods", "framework agreements", "penalties", "obligations")),
    "tenders": (("tender documents", "bids from tenders", "tender submissions"), ("bid prices", "award criteria", "questionnaires", "lots", "clarifications of bidders", "eligibility proofs", "scoring sheets")),
    "complaints": (("customer complaints", "complaint letters", "complaints of customers"), ("complaint reasons", "goodwill payments", "apologies", "response deadlines", "ombudsman cases", "order numbers", "callers")),
    "warranty": (("warranty claims", "claims under warranty", "warranty cases"), ("repair reports", "failure codes", "serial numbers", "workshop hours", "replaced parts", "dealers", "recalls")),
    "applications": (("job applications", "applications of candidates", "job applicants' files"), ("résumés", "interview notes", "vacancies", "recruiters", "salary expectations", "references", "assessment centres")),
    "payroll": (("payroll runs", "payroll records", "monthly payroll"), ("wage types", "overtime hours", "pay slips", "social-security contributions", "garnishments", "retroactive changes", "timesheets")),
    "travel": (("travel expenses", "expense claims of travellers", "travel expense reports"), ("receipts", "per-diem rates", "mileage", "hotel bills", "company cards", "trips", "tax-free allowances")),
    "stock": (("spare-parts stock", "inventory of spare parts", "spare-parts inventories"), ("stock levels", "reorder points", "slow movers", "bin locations", "lead times", "obsolete items", "safety stocks")),
    "shipments": (("outbound shipments", "freight shipments", "shipments to customers"), ("waybills", "carrier slots", "loading docks", "pallets", "customs papers", "delivery windows", "freight rates")),
    "assets": (("fixed assets", "tangible assets", "registers of fixed assets"), ("depreciation keys", "asset tags", "useful lives", "capital requests", "disposals", "impairments", "leases")),
    "maintenance": (("maintenance orders", "maintenance of plants", "maintenance of machines"), ("sensor readings", "machine hours", "breakdowns", "technicians", "vibration", "shutdown windows", "lubrication plans")),
    "quality": (("quality inspections", "inspection lots", "inspections of incoming goods"), ("defect pictures", "sampling plans", "tolerances", "test certificates", "non-conformities", "gauges", "scrap")),
    "recipes": (("bills of material", "material bills of engineering", "engineering bills of material"), ("components", "part numbers", "assemblies", "change notices", "effectivity dates", "CAD models", "variants of products")),
    "patents": (("patent filings", "patents and inventions", "patent disclosures"), ("patent claims", "prior art", "inventors", "annuity fees", "examiners", "priority dates", "licensees")),
    "campaigns": (("marketing campaigns", "campaign plans", "promotional campaigns"), ("audience segments", "click rates", "creatives", "media budgets", "landing pages", "newsletters", "attribution")),
    "leads": (("sales leads", "leads in the pipeline", "sales opportunities and leads"), ("deal stages", "contact histories", "win rates", "account managers", "quotations", "territories", "follow-up calls")),
    "prices": (("price lists", "list prices and discounts", "prices and pricing"), ("discount levels", "price elasticities", "margins", "competitor offers", "rebate agreements", "price increases", "customer groups")),
    "tickets": (("service-desk tickets", "IT incidents and tickets", "helpdesk tickets"), ("incident texts", "resolution notes", "outages", "password resets", "support levels", "configuration items", "known errors")),
    "access": (("access rights", "user access entitlements", "access requests"), ("role profiles", "segregation conflicts", "dormant logins", "privileged sessions", "joiners and leavers", "recertifications", "directories")),
    "taxes": (("tax returns", "tax declarations", "filings of taxes"), ("tax codes", "withholding certificates", "transfer prices", "assessment notices", "VAT periods", "deferred amounts", "jurisdictions")),
    "budgets": (("departmental budgets", "annual budgets", "budget submissions"), ("cost elements", "plan versions", "headcount plans", "commitments", "carry-overs", "allocation keys", "quarterly reviews of spending")),
    "cash": (("cash positions", "liquidity and cash", "bank balances and cash"), ("bank statements", "payment batches", "credit lines", "sweeps", "currencies", "hedges", "maturities")),
    "training": (("training courses", "training programmes", "trainings for employees"), ("learning paths", "certificates", "instructors", "quizzes", "skills gaps", "course catalogues", "mandatory refreshers")),
    "policies": (("internal policies", "policy documents", "corporate policies"), ("paragraphs", "attestations", "whistle-blower hints", "exceptions to rules", "review cycles", "codes of conduct", "regulations")),
    "energy": (("energy consumption", "energy and gas usage", "energy meters"), ("meter readings", "load profiles", "peak tariffs", "kilowatt hours", "boilers", "solar output", "emission factors")),
    "waste": (("waste streams", "disposal of waste", "industrial waste"), ("waste codes", "disposal certificates", "containers", "hazardous substances", "recycling quotas", "weighbridges", "haulers")),
    "permits": (("building permits", "permits from authorities", "permit applications"), ("site plans", "conditions of permits", "hearings", "neighbours", "environmental reports", "municipal portals", "construction phases")),
    "insurance": (("insurance claims", "claims on insurance", "insured losses and insurance"), ("loss reports", "deductibles", "premiums", "adjusters", "policy wordings", "reserves", "brokers")),
    "surveys": (("employee surveys", "engagement surveys", "staff survey answers"), ("free-text answers", "participation rates", "anonymity thresholds", "team scores", "pulse questions", "turnover intentions", "action plans")),
}  # fmt: skip

# Sentences about a matter, whatever is done with it; {a}, {b} and {c} are words that go with it.
FRAMES = (
    "It draws on {a}, {b} and {c} from the systems of record.",
    "What counts are {a} together with {b}; {c} come second.",
    "Where {a} contradict {b}, a person looks at {c} and decides.",
    "The first release covers {a} and {b}, the second {c}.",
    "Today {a} and {b} are kept apart, so that {c} are noticed too late.",
    "Owners of {a} and of {b} agree on how {c} are recorded.",
)

# What only one idea has to do with: each is given some of these, and all who tell it speak of them.
DETAILS = (
    "barcode labels", "cost-of-delay scores", "glossaries", "watermarks", "heat maps", "embargo dates", "scorecards", "runbooks",
    "rollback steps", "nudges", "quizzes", "earned-value indices", "milestone slippage", "call transcripts", "photographs", "geofences",
    "battery states", "weather feeds", "credit ratings", "sanction lists", "exchange rates", "public registers", "satellite images",
    "handwriting", "signatures", "checksums", "webhooks", "spreadsheet macros", "shared mailboxes", "voice notes", "chat threads",
    "wiki pages", "drawings", "floor plans", "work instructions", "shift calendars", "toolboxes", "fuel cards", "toll records",
    "lab results", "allergens", "expiry dates", "batch genealogies", "cooling chains", "customs tariffs", "export licences",
    "dual-use goods", "carbon factors", "water meters", "noise levels", "near misses", "safety walks", "escalators", "lifts",
    "keys and badges", "visitor lists", "parking lots", "canteen menus", "uniforms", "laptops", "software licences", "patch levels",
    "firewalls", "phishing mails", "backups", "data lineage", "consent records", "cookies", "loyalty points", "coupons", "baskets",
    "returns", "gift cards", "store layouts", "shelf gaps", "planograms", "influencers", "podcasts", "trade fairs", "samples",
    "showrooms", "test rides", "subscriptions", "churn signals", "upsell hints", "renewal notices", "dunning letters", "instalments",
    "direct debits", "chargebacks", "letters of credit", "guarantees", "intercompany loans", "dividends", "ledgers", "accruals",
    "provisions", "minority interests", "board minutes", "shareholder letters", "ratings of analysts", "media clips", "crisis drills",
    "donations", "volunteers", "apprentices", "mentors", "succession charts", "pay bands", "bonuses", "pensions", "sick leave",
    "return-to-work talks", "relocations", "visas", "translations", "subtitles", "accessibility checks", "brand colours",
)  # fmt: skip
DETAILS_OF_AN_IDEA = 7

# What every answer says, whatever the idea is.
TALK = (
    "It starts as a pilot of eight weeks in one unit and is rolled out after a review by the steering committee.",
    "The solution integrates with the ERP system through standard interfaces and respects existing authorisations.",
    "Employees are trained, and the works council is involved from the start.",
    "Success is measured by cycle time, error rate and user acceptance.",
    "Data protection is assessed before go-live, and personal data are minimised.",
    "A human stays in the loop wherever a decision has legal consequences.",
    "The process owner is accountable and reviews the results every month.",
    "Clean data and a clear owner for each source are what it needs most.",
    "Compared with today, waiting times fall and quality becomes more even.",
    "Standard components keep cost low; licences are paid by use.",
)
OPENINGS = (
    "For {process}, this means less manual work.",
    "In {process} much of this is done by hand today.",
    "{process} benefits directly.",
    "Those who work on {process} are relieved of routine.",
)
TITLE_ENDS = ("", " in {process}", " for {process}", " – {process}")
