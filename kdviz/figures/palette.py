"""Colours of Okabe and Ito, one for each role: the same in every figure."""

TEACHER = "#0072B2"  # always dashed
STUDENT = "#E69F00"  # always solid
TWIN = "#6E757E"
EDIT = "#CC79A7"
