"""Every sentence of the about page that is not in the model card or the list of reporting items."""

TITLE = "About this model"
VERSION = (
    "Model `{model}`, version {version}, {date}. Do not compare with results of a version with another date: the "
    "weights, the split or the evaluation may have changed."
)
INTENDED, NOT_FOR = "Intended use", "Not for"
LIMITATIONS, UNDER = "Limitations", "Under-represented"
LICENCES, CITATIONS = "Licences", "Cite"
CITATIONS_HINT = "This model is built on the images, methods and measurements of these authors."
NOTHING = "The model card has no entry here."
REPORTING = "Reporting guidelines"
REPORTING_HINT = (
    "TRIPOD+AI (Collins et al., BMJ 2024;385:e078378) and CLEAR Derm (Daneshjou et al., JAMA Dermatology 2022;158:90), "
    "items in our own words. Answered means that the named place gives the information, not that the result is good."
)
GUIDELINE = "Guideline"
COLUMNS = ("Item", "Where, or why not")
ANSWERED = "Answered {}: {} items"
COUNTED = "{}: {} of {} items answered, {} in part, {} not."
ANSWERS = ("yes", "in part", "no")
SAVE = "Table as CSV"
SAVE_CARD = "Model card as JSON"
