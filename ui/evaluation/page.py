"""The six views of the evaluation page, each drawn from tables of the bundle alone."""

from ui.evaluation.calibration import calibration
from ui.evaluation.decisions.abstention import abstention
from ui.evaluation.decisions.rules import rules
from ui.evaluation.decisions.sets import sets
from ui.evaluation.limits.external import external
from ui.evaluation.limits.gauges import gauges
from ui.evaluation.limits.maps import beside, faithfulness, frames, outlines
from ui.evaluation.limits.patients import informed
from ui.evaluation.limits.refusals import refusals
from ui.evaluation.limits.robustness import robustness
from ui.evaluation.limits.sources import sources
from ui.evaluation.limits.subgroups import subgroups
from ui.evaluation.mistakes import mistakes
from ui.evaluation.summary import ancestors, figures, sentences
from ui.evaluation.thresholds import thresholds

VIEWS = {
    "Summary": (sentences, figures, ancestors),
    "Mistakes": (mistakes,),
    "Thresholds": (thresholds,),
    "Probabilities": {
        "Calibration": (calibration,),
        "Diagnosis named": (rules,),
        "Prediction sets": (sets,),
        "Abstention": (abstention,),
    },
    "Where it fails": {
        "Other clinics": (external,),
        "Sets left out": (sources,),
        "Patient groups": (subgroups,),
        "Age, sex, site entered": (informed,),
        "Degraded photos": (robustness,),
        "Refused photos": (refusals,),
        "Notes on photos": (gauges,),
    },
    "Maps and outlines": {"Heat maps": (faithfulness,), "Outlines": (outlines, frames, beside)},
}
