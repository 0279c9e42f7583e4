"""What each number and each group of examples of a report means, in one sentence."""

CELLS = {
    "both_right": "both are right",
    "errors_new": "errors new: only the teacher is right",
    "errors_corrected": "errors corrected: only the student is right",
    "errors_inherited": "errors inherited: both are wrong",
    "agree": "both say the same",
    "differ": "they say different things",
}
SUBJECTS = {
    "calibration": "Calibration: how sure are they, and how right?",
    "bias": "Bias: whom do they fail?",
    "saliency": "Saliency: where do they look?",
    "attention": "Attention: what do their layers look at, and which correspond?",
}
NUMBERS = {
    "parameters": "Numbers that training can change.",
    "accuracy": "Share of the labelled examples whose class is said first.",
    "teacher accuracy": "Share of the class's examples whose class the teacher says first.",
    "student accuracy": "Share of the class's examples whose class the student says first.",
    "agreement": "Share of examples on which both say the same class first.",
    "KL": "Mean over examples of the sum over classes of t log(t / s), in nats, both at temperature T.",
    "NLL": "Mean of −log of the probability given to the true class, in nats.",
    "Brier": "Mean over examples of the squared distance between the probabilities and the label, summed over classes.",
    "ECE": "Mean gap between confidence and accuracy over the bins, weighted by their counts.",
    "over-confidence": "Mean confidence less accuracy: above 0, a model is surer than it is right.",
    "fitted T": "The temperature that makes the NLL on validation data smallest; above 1 the model was too sure.",
    "ECE at fitted T": "ECE once the logits are divided by the fitted T.",
    "selection rate": "Share of the group's labelled examples for which the model says the positive class.",
    "true-positive rate": "Share of the group's positive examples for which the model says the positive class.",
    "false-positive rate": "Share of the group's negative examples for which the model says the positive class.",
    "n": "Labelled examples in the group.",
    "gap": "How far the groups lie apart: the highest rate less the lowest.",
    "chance": "What groups of these sizes stay below in 95 % of all cases if all have one rate; the models' largest.",
    "smallest n": "The fewest examples that a rate at either end of the gap is of, with teacher or student.",
    "verdict": "What became of the teacher's gap in the student.",
}
# What each gap between groups, and each verdict on it, means.
GAPS = {
    "demographic-parity difference": "Highest less lowest selection rate of the groups.",
    "equalized-odds difference": "Highest less lowest true- or false-positive rate of the groups, the larger of both.",
    "gap in accuracy": "Highest less lowest share of a group's examples whose class is said first.",
}
VERDICTS = {
    "inherited": "Both have a gap beyond chance, and the interval of student − teacher holds 0.",
    "amplified": "The student has a gap beyond chance, the teacher's may be none, and student − teacher lies above 0.",
    "reduced": "The teacher has a gap beyond chance, and the interval of student − teacher lies below 0.",
    "none found": "Neither has a gap beyond chance, and the interval of student − teacher does not lie above 0.",
    "too few to say": "The examples do not decide it, or a gap rests on fewer than 30 of them.",
}
