"""The sections of the evaluation page, each drawn from tables of the bundle alone."""

from ui.evaluation import calibration, comparison, confusion, curves, overview
from ui.evaluation.decisions import abstention, rules, sets
from ui.evaluation.limits import external, gauges, patients, refusals, robustness, subgroups

SECTIONS = {
    "Overview": (overview.headline, overview.operating_points),
    "Answers": (rules.rules, sets.sets, abstention.abstention),
    "Refusals": (refusals.refusals, gauges.gauges),
    "Confusion matrix": (confusion.confusion,),
    "ROC and precision": (curves.curves,),
    "Calibration": (calibration.calibration,),
    "Clinic": (curves.clinic,),
    "Decision curve": (curves.decision,),
    "Subgroups": (subgroups.subgroups,),
    "Age, sex, site": (patients.informed,),
    "Robustness": (robustness.robustness,),
    "External": (external.external,),
    "Comparison": (comparison.comparison,),
}
