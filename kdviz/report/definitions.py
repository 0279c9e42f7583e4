"""What each number and each group of examples in a report means, in one sentence."""

CELLS = {
    "both_right": "both are right",
    "errors_new": "new errors: only the teacher is right",
    "errors_corrected": "fixed by the student: only the student is right",
    "errors_inherited": "shared errors: both are wrong",
    "agree": "both predict the same class",
    "differ": "they predict different classes",
}
SUBJECTS = {
    "sequences": "Texts: how well are they predicted?",
    "calibration": "Calibration: how sure are they, and how right?",
    "bias": "Bias: whom do they fail?",
    "cost": "Cost: what do they take to keep and to run?",
    "saliency": "Saliency: where do they look?",
    "attention": "Attention: what do their layers look at, and which layers correspond?",
    "robustness": "Robustness: do they hold when the pictures change?",
    "privacy": "Privacy: can one tell what they were trained on?",
}
NUMBERS = {
    "bits a token": "Mean of −log₂ of the probability of each token; of all tokens, as exact match.",
    "exact match": "Share of texts all of whose tokens are the first choice after those before them.",
    "parameters": "Numbers that training can change.",
    "accuracy": "Share of the labelled examples whose class is predicted.",
    "teacher accuracy": "Share of the class's examples that the teacher classifies correctly.",
    "student accuracy": "Share of the class's examples that the student classifies correctly.",
    "agreement": "Share of examples for which both predict the same class.",
    "KL": "Mean over examples of the sum over classes of t log(t / s), in nats, both at temperature T.",
    "NLL": "Mean of −log of the probability of the true class, in nats.",
    "Brier": "Mean over examples of the squared distance between the probabilities and the label, summed over classes.",
    "ECE": "Mean gap between confidence and accuracy over the bins, weighted by their counts.",
    "over-confidence": "Mean confidence − accuracy: above 0, a model is surer than it is right.",
    "fitted T": "The temperature that minimizes the NLL on validation data; above 1 the model was overconfident.",
    "ECE at fitted T": "ECE after dividing the logits by the fitted T.",
    "selection rate": "Share of the group's labelled examples for which the model predicts the positive class.",
    "true-positive rate": "Share of the group's positive examples for which the model predicts the positive class.",
    "false-positive rate": "Share of the group's negative examples for which the model predicts the positive class.",
    "n": "Labelled examples in the group.",
    "gap": "How far apart the groups are: the highest rate − the lowest.",
    "chance": "The 95 % quantile of the gap between groups of these sizes that all have one rate; the models' largest.",
    "smallest n": "The smallest number of examples behind a rate at either end of the gap, for teacher or student.",
    "verdict": "The student's gap beside its teacher's, and its twin's if there is one.",
}
# What each gap between groups, and each verdict on it, means.
GAPS = {
    "demographic-parity difference": "Highest − lowest selection rate of the groups.",
    "equalized-odds difference": "Highest − lowest true- or false-positive rate of the groups, whichever is larger.",
    "gap in accuracy": "Highest − lowest accuracy of the groups.",
}
VERDICTS = {
    "larger": "The student has a gap beyond chance, and the interval of student − teacher is above 0.",
    "smaller": "The teacher has a gap beyond chance, and the interval of student − teacher is below 0.",
    "like": "Both have a gap beyond chance, and the interval of student − teacher includes 0.",
    "no gap found": "Neither has a gap beyond chance, and the interval of student − teacher is not above 0.",
    "too few examples to say": "The examples do not decide it, or a gap rests on fewer than 30 of them.",
}
COSTS = {
    "multiply-adds": "Multiply-accumulates for one example.",
    "file": "Bytes of a file with all numbers that the model needs; in brackets, by gzip.",
    "peak memory": "Weights, and inputs and intermediate results at the busiest moment of a pass.",
    "median time": "Of calls of this model, in turns with the others.",
    "95th percentile": "The time that 95 of 100 calls stay within.",
    "time / teacher's": "The median over turns of the ratio of times, with its 95 % interval by the sign test.",
}
