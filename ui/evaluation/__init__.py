"""The sections of the evaluation page, each drawn from tables of the bundle alone."""

from ui import evaluation_wording as wording
from ui.evaluation import (
    calibration,
    comparison,
    confusion,
    curves,
    external,
    informed,
    overview,
    robustness,
    subgroups,
)

PANELS = [
    (overview.headline, overview.operating_points),
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
