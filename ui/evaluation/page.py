"""The sections of the evaluation page, each drawn from tables of the bundle alone."""

from ui.evaluation import calibration, comparison, confusion, curves, overview, wording
from ui.evaluation.decisions import abstention, sets
from ui.evaluation.decisions import rules as answers
from ui.evaluation.limits import external, gauges, patients, refusals, robustness, subgroups

PANELS = [
    (overview.headline, overview.operating_points),
    (answers.rules, sets.sets, abstention.abstention),
    (refusals.refusals, gauges.gauges),
    (confusion.confusion,),
    (curves.curves,),
    (calibration.calibration,),
    (curves.clinic,),
    (curves.decision,),
    (subgroups.subgroups,),
    (patients.informed,),
    (robustness.robustness,),
    (external.external,),
    (comparison.comparison,),
]
SECTIONS = dict(zip(wording.SECTIONS, PANELS, strict=True))
