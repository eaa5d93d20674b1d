"""Quantiser texts: read without eval, refused where firmware would compute something else."""

from __future__ import annotations

import pytest

from trigger.errors import DesignError
from trigger.zoo import parse_quantiser
from trigger.zoo.quantisers import Role


@pytest.mark.parametrize(
    ("text", "role", "spelled"),
    [
        (
            "quantized_bits(6, 0, alpha=1)",
            Role.WEIGHT,
            "quantized_bits(bits=6,integer=0,alpha=1)",
        ),
        ("quantized_bits(8, 3)", Role.ACTIVATION, "quantized_bits(bits=8,integer=3)"),
        ("quantized_relu(6, -1)", Role.ACTIVATION, "quantized_relu(bits=6,integer=-1)"),
        (" quantized_relu(6) ", Role.ACTIVATION, "quantized_relu(bits=6)"),
        ("quantized_relu", Role.ACTIVATION, "quantized_relu(bits=8)"),
        ("ternary(alpha=1.0)", Role.WEIGHT, "ternary(alpha=1.0)"),
        (
            "quantized_tanh(8, use_real_tanh=True)",
            Role.ACTIVATION,
            "quantized_tanh(bits=8,use_real_tanh=True)",
        ),
    ],
)
def test_a_quantiser_is_spelled_out_with_every_argument_named(text, role, spelled):
    assert str(parse_quantiser(text, role, "here")) == spelled
    assert str(parse_quantiser(spelled, role, "here")) == spelled


@pytest.mark.parametrize(
    ("text", "role", "match"),
    [
        (6, Role.WEIGHT, "here: 6 is not a quantiser"),
        ("quantized_bits(6,", Role.WEIGHT, "cannot read the quantiser"),
        ("6 + 1", Role.WEIGHT, "cannot read the quantiser"),
        ("os.system('x')", Role.WEIGHT, "cannot read the quantiser"),
        ("quantised_bits(6,0,alpha=1)", Role.WEIGHT, "did you mean quantized_bits"),
        ("quantized_relu(6)", Role.WEIGHT, "quantized_relu is not a weight quantiser"),
        ("ternary(alpha=1)", Role.ACTIVATION, "ternary is not an activation quantiser"),
        ("quantized_bits(6,0)", Role.WEIGHT, "alpha of quantized_bits is not given.*write alpha=1"),
        ("quantized_bits(6,0,alpha=None)", Role.WEIGHT, "alpha of quantized_bits is not given"),
        ("quantized_bits(6,0,alpha='auto')", Role.WEIGHT, "alpha of quantized_bits is auto"),
        ("quantized_bits(6,0,alpha=2)", Role.WEIGHT, r"is 2\. Allowed: alpha=1.*add k to"),
        ("quantized_bits(6,0,aplha=1)", Role.WEIGHT, "did you mean alpha"),
        ("quantized_bits(6,0,bits=6,alpha=1)", Role.WEIGHT, "gives bits twice"),
        ("quantized_relu(1,2,0,0,0,7)", Role.ACTIVATION, "too many arguments"),
        ("quantized_relu(6.5)", Role.ACTIVATION, "bits is 6.5. Allowed: an integer"),
        ("quantized_relu(n)", Role.ACTIVATION, "bits is 'n'. Allowed: an integer"),
        ("quantized_relu(0)", Role.ACTIVATION, "bits is 0. Allowed: 1 to 32"),
        ("quantized_relu(6,0,negative_slope=0.25)", Role.ACTIVATION, "negative_slope is 0.25"),
        ("quantized_bits(6,0,use_stochastic_rounding=True)", Role.ACTIVATION, "bit for bit"),
        ("quantized_bits(6,0,1)", Role.ACTIVATION, "symmetric is set"),
    ],
)
def test_what_firmware_cannot_reproduce_is_refused(text, role, match):
    with pytest.raises(DesignError, match=match):
        parse_quantiser(text, role, "here")
