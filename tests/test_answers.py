"""Three more right ways of solving each function, written without the checks: all are accepted."""

import inspect

import pytest

from kit.course.grader import exam
from kit.course.practice import Exercise
from tests.answers import branchhull, nettrim
