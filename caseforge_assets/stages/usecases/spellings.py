"""Spellings of the values that a candidate's field may have, in many languages, and what stands around such a value: pictures, emphasis, remarks."""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from caseforge_assets.stages.texts.characters import visible

# Only spellings whose meaning is certain: "Medium-High" is none of the three, and says so.
_SPELLINGS: Mapping[str, str] = {
    "l": "Low",
    "m": "Medium",
    "med": "Medium",
    "mid": "Medium",
    "moderate": "Medium",
    "h": "High",
    "automated": "automation",
    "process automation": "automation",
    "optimisation": "optimization",
    "process optimization": "optimization",
    "process optimisation": "optimization",
    "digitisation": "digitization",
    "digitalization": "digitization",
    "digitalisation": "digitization",
    "analytic": "analytics",
    "data analytics": "analytics",
    "system integration": "integration",
    "systems integration": "integration",
    **dict.fromkeys(
        [
            "niedrig",
            "gering",
            "tief",
            "klein",
            "faible",
            "bas",
            "basse",
            "bajo",
            "baja",
            "basso",
            "bassa",
            "baixo",
            "baixa",
            "laag",
            "niski",
            "niska",
        ],
        "Low",
    ),
    **dict.fromkeys(
        [
            "mittel",
            "mäßig",
            "moderat",
            "moyen",
            "moyenne",
            "modéré",
            "modérée",
            "medio",
            "media",
            "moderado",
            "moderada",
            "moderato",
            "médio",
            "média",
            "gemiddeld",
            "matig",
            "średni",
            "średnia",
        ],
        "Medium",
    ),
    **dict.fromkeys(["hoch", "groß", "élevé", "élevée", "haut", "haute", "alto", "alta", "hoog", "wysoki", "wysoka"], "High"),
    **dict.fromkeys(
        ["automatisierung", "automatisation", "automatización", "automazione", "automação", "automatisering", "automatyzacja"], "automation"
    ),
    **dict.fromkeys(["optimierung", "optimización", "ottimizzazione", "otimização", "optimalisatie", "optymalizacja"], "optimization"),
    **dict.fromkeys(
        ["digitalisierung", "numérisation", "digitalización", "digitalizzazione", "digitalização", "digitalisering", "cyfryzacja"],
        "digitization",
    ),
    **dict.fromkeys(["analytik", "analyse", "analytique", "analítica", "analisi", "análise", "analityka"], "analytics"),
    **dict.fromkeys(["intégration", "integración", "integrazione", "integração", "integratie", "integracja"], "integration"),
}
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_REMARK = re.compile(r"^([a-z ]+?)\s*[(\[:;,–—-]\s*(.+)$")
_OF_WHAT = re.compile(r" (?:complexity|difficulty|effort|risk|roi|return|return on investment|level|impact|value)$")  # "Medium complexity"


def choice_meant(text: str, choices: Iterable[str]) -> str | None:
    """Give the one of some choices that a text means; None where it means none, or maybe another one, too.

    Args:
        text: A field's value.
        choices: As they are asked for.
    """
    known = {**_SPELLINGS, **{choice.casefold(): choice for choice in choices}}
    plain = " ".join(_EDGES.sub("", unicodedata.normalize("NFKC", visible(text)).casefold()).split())
    if choice := known.get(plain) or known.get(_OF_WHAT.sub("", plain)):
        return choice
    remark = _REMARK.match(plain)
    others = [word for word in re.findall(r"\w+", remark[2]) if word in known] if remark else []
    return known.get(remark[1]) if remark and not others else None
