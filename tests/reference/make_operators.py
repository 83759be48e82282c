"""Operators: values and gradients. Run: /usr/bin/python3 tests/reference/make_operators.py"""

import operators_pointwise
import operators_reductions
import operators_shapes
from common import Recorder

recorder = Recorder("make_operators.py", "operators.json", seed=1)
for part in (operators_pointwise, operators_reductions, operators_shapes):
    part.record(recorder)
recorder.write()
