"""Views drawn in the browser, each a folder: its class, its JavaScript modules and its look.

Their whole state is in traits. What follows a dragged slider is computed in the browser.
"""

from kdviz.widgets.attention import Attention
from kdviz.widgets.bet import Bet
from kdviz.widgets.bias import Bias
from kdviz.widgets.calibration import Calibration
from kdviz.widgets.catalogue import tab
from kdviz.widgets.compress_chart import CompressChart
from kdviz.widgets.compress_setup import CompressSetup
from kdviz.widgets.dark_knowledge import DarkKnowledge
from kdviz.widgets.diagnosis import DiagnosisView
from kdviz.widgets.digit_pad import DigitPad
from kdviz.widgets.domain import Domain
from kdviz.widgets.examples import Examples
from kdviz.widgets.experiments import Experiments
from kdviz.widgets.fidelity import Fidelity
from kdviz.widgets.finish import Finish
from kdviz.widgets.gradients import Gradients
from kdviz.widgets.hero import Hero
from kdviz.widgets.inside import Inside
from kdviz.widgets.kept import Kept
from kdviz.widgets.learning_curves import LearningCurves
from kdviz.widgets.measured import MeasuredView
from kdviz.widgets.method_picture import MethodPicture
from kdviz.widgets.methods import Methods
from kdviz.widgets.next_tokens import NextTokens
from kdviz.widgets.open_in_lab import OpenInLab
from kdviz.widgets.pair import Pair
from kdviz.widgets.pays import Pays
from kdviz.widgets.presets import Presets
from kdviz.widgets.privacy import Privacy
from kdviz.widgets.question import Question
from kdviz.widgets.relations import Relations
from kdviz.widgets.robustness import Robustness
from kdviz.widgets.run_choice import RunChoice
from kdviz.widgets.runs import Runs
from kdviz.widgets.saliency import Saliency
from kdviz.widgets.scene import InViews, Scene
from kdviz.widgets.scheme_picture import SchemePicture
from kdviz.widgets.scheme_view import SchemeView
from kdviz.widgets.schemes import Schemes
from kdviz.widgets.setup import Setup
from kdviz.widgets.share import Share
from kdviz.widgets.soft_targets import SoftTargets
from kdviz.widgets.study_export import StudyExport
from kdviz.widgets.study_map import StudyMap
from kdviz.widgets.study_run import StudyRun
from kdviz.widgets.study_setup import StudySetup
from kdviz.widgets.tour import Tour
from kdviz.widgets.transport import Transport
from kdviz.widgets.two_humps import TwoHumps
from kdviz.widgets.views import Views
from kdviz.widgets.wall import Wall
from kdviz.widgets.writing import Writing
from kdviz.widgets.writing_setup import WritingSetup

__all__ = [
    "Attention",
    "Bet",
    "Bias",
    "Calibration",
    "CompressChart",
    "CompressSetup",
    "DarkKnowledge",
    "DiagnosisView",
    "DigitPad",
    "Domain",
    "Examples",
    "Experiments",
    "Fidelity",
    "Finish",
    "Gradients",
    "Hero",
    "InViews",
    "Inside",
    "Kept",
    "LearningCurves",
    "MeasuredView",
    "MethodPicture",
    "Methods",
    "NextTokens",
    "OpenInLab",
    "Pair",
    "Pays",
    "Presets",
    "Privacy",
    "Question",
    "Relations",
    "Robustness",
    "RunChoice",
    "Runs",
    "Saliency",
    "Scene",
    "SchemePicture",
    "SchemeView",
    "Schemes",
    "Setup",
    "Share",
    "SoftTargets",
    "StudyExport",
    "StudyMap",
    "StudyRun",
    "StudySetup",
    "Tour",
    "Transport",
    "TwoHumps",
    "Views",
    "Wall",
    "Writing",
    "WritingSetup",
    "tab",
]
