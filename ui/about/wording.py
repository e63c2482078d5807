"""Every sentence of the about page that is not in the model card or the list of reporting items."""

TITLE = "About this model"
VERSION = (
    "Model `{model}`, version {version}, of {date}. Results of a version with another date are not comparable: the "
    "weights, the split or the way of judging may have changed."
)
INTENDED, NOT_FOR = "Intended use", "Not for"
LIMITATIONS, UNDER = "Limitations", "Under-represented"
LICENCES, CITATIONS = "Licences", "Cite"
CITATIONS_HINT = "People whose images, methods and measurements this model rests on."
NOTHING = "The model card names nothing here."
REPORTING = "Reporting guidelines"
REPORTING_HINT = (
    "TRIPOD+AI (Collins et al., BMJ 2024;385:e078378) and CLEAR Derm (Daneshjou et al., JAMA Dermatology 2022;158:90), "
    "their items in our words. Answered means that the place says it, not that the answer is a good one."
)
GUIDELINE = "Guideline"
COLUMNS = ("Item", "Answered", "Where, or why not")
COUNTED = "{}: {} of {} items answered, {} in part, {} not."
ANSWERS = ("yes", "in part", "no")
SAVE = "Table as CSV"
SAVE_CARD = "Model card as JSON"
