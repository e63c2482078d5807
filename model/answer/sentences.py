"""Sentences that page, service and commands share: what they are not for, and why a photo gets no answer."""

from model.answer.gate import BESIDE, BLANK, OUTSIDE

DISCLAIMER = (
    "For research and teaching. Not a medical device, not a diagnosis: "
    "a suspicious lesion belongs before a dermatologist."
)

REFUSED = {
    OUTSIDE: "No answer: outside what was measured",
    BESIDE: "No answer: the outlined lesion is not in this frame",
    BLANK: "No answer: nothing to assess",
}
MEANS = {
    OUTSIDE: "This picture is unlike the dermoscopic photos that the model was tested on. This says nothing about the "
    "lesion: neither that it is harmless nor that it is not.",
    BESIDE: "In the centred square of the photo, a lesion was outlined outside this frame. This says nothing about the "
    "skin in the frame.",
    BLANK: "The frame shows an even surface and no lesion.",
}
FORCED = {  # a refused photo that is answered all the same
    OUTSIDE: "Outside what was measured; shown because you asked. It is not known how often such answers are right.",
    BESIDE: "The outlined lesion is not here; shown because you asked. How often such answers are right is not known.",
}
