"""What each number and each group of examples of a report means, in one sentence."""

CELLS = {
    "both_right": "both are right",
    "errors_new": "errors new: only the teacher is right",
    "errors_mended": "errors mended: only the student is right",
    "errors_inherited": "errors inherited: both are wrong",
    "agree": "both say the same",
    "differ": "they say different things",
}
SUBJECTS = {
    "calibration": "Calibration: how sure are they, and how right?",
    "saliency": "Saliency: where do they look?",
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
}
