"""The sections of the evaluation page, each drawn from tables of the bundle alone."""

from ui import evaluation_wording as wording
from ui.evaluation import (
    abstention,
    answers,
    calibration,
    comparison,
    confusion,
    curves,
    external,
    gauges,
    informed,
    overview,
    refusals,
    robustness,
    sets,
    subgroups,
)

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
    (informed.informed,),
    (robustness.robustness,),
    (external.external,),
    (comparison.comparison,),
]
SECTIONS = dict(zip(wording.SECTIONS, PANELS, strict=True))
