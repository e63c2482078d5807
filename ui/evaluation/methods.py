"""How each panel of Evaluation and of Systems compared was computed, one line per panel."""

METHODS = {
    "maps": "means over photos, the same number of each class; intervals from resampling lesions.",
    "outline": "means over photos with intervals from resampling lesions; shares with Wilson's interval by lesion.",
    "outline_frame": "the same photos in both frames, answered out of fold; intervals from resampling lesions.",
    "outline_beside": (
        "shares of frames with Wilson's interval by lesion; fewer than {} frames of a kind are left out. Refused by "
        "the outline, by the gate, or as an even surface; what lies beyond the centred square is not judged by the "
        "outline, whose threshold was chosen on the same photos."
    ),
    "overview": "shares carry Wilson's interval at the effective sample size, other figures {}.",
    "points": "Wilson's interval at the effective sample size by lesion.",
    "rules": "shares with Wilson's interval by lesion; balanced accuracy from resampling lesions.",
    "sets": (
        "least ambiguous sets (Sadinle et al. 2019) with one limit a side; shares with Wilson's interval, the "
        "mean size from resampling lesions."
    ),
    "abstention": (
        "certainty is the highest probability; shares with Wilson's interval by lesion, balanced accuracy from "
        "resampling lesions."
    ),
    "refusals": "shares with Wilson's interval by lesion.",
    "gauges": "shares with Wilson's interval by lesion, AUC and correlation by resampling lesions.",
    "confusion": "the diagnosis named for every image, counted.",
    "curves": "bands, drawn where they are stored, from resampling lesions; points from every distinct probability.",
    "threshold": (
        "sensitivity and specificity with Wilson's interval at the effective sample size, predictive values with "
        "Mercaldo's at the chosen prevalence; number needed to biopsy is 1 / PPV."
    ),
    "calibration": "{} bins of equal width, n above each bar, Wilson's interval by lesion.",
    "calibration_figures": (
        "of the most probable class, or of the chosen question; intervals and the paired change from resampling "
        "lesions. Resampling adds random differences, which increase a calibration error: its interval is shifted "
        "upwards and may be above the figure."
    ),
    "cases": "the stored answers of one cell, the surest first.",
    "subgroups": (
        "rates with Wilson's interval by lesion, AUC by resampling lesions; fewer than 30 cases give a count only."
    ),
    "robustness": (
        "each photo changed and assessed again by the served model; shares with Wilson's interval by lesion, "
        "agreement by resampling lesions."
    ),
    "external": "shares with Wilson's interval by lesion; the AUC is the stored one.",
    "sources": (
        "the same dense layer for every choice, fitted once, with the same regularisation; intervals and differences "
        "resample validation lesions; shares of the training lesions were drawn once. Balanced accuracy averages the "
        "classes that a set has. In folds: no layer has seen a lesion or near-duplicate of the images that it answers."
    ),
    "sources_fine_tuned": (
        "each choice is one training run of as many draws, from the same seed: another seed would move it a little, "
        "which the intervals do not hold; they resample validation lesions. Drawn evenly: the draws of a diagnosis are "
        "shared equally by the sets that have it. Set not told: drawn evenly, and a layer that learns to tell the set "
        "from the features sends its gradient back with the sign changed (Ganin et al., JMLR 2016)."
    ),
    "informed": (
        "differences on the same resampled lesions; an interval that contains 0 shows no clear difference. The "
        "interval of a calibration error is shifted upwards, as under Calibration."
    ),
    "informed_by_age": "rates with Wilson's interval by lesion, AUC by resampling lesions.",
    "changed": (
        "what both name on each image: this model by its balanced rule, the other by its most probable class; the "
        "difference from the same resampled lesions."
    ),
    "comparison": (
        "a system's answer is its most probable class, or what its balanced rule names (this model and its releases "
        "since 1.7.0); 95 % intervals from resampling lesions."
    ),
    "differences": (
        "recipe minus bundled model on the same resampled lesions; an interval that contains 0 shows no clear "
        "difference."
    ),
    "clinic": "the measured rates with Wilson's interval by lesion, times the lesions; biopsies in all by MOVER.",
    "decision": "net benefit after Vickers and Elkin (2006), 95 % band from resampling lesions.",
}
