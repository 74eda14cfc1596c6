"""The largest deviations from the CPU that count as agreement, by precision."""

TOLERANCES = {  # of gradients, and of everything else
    "float32": (1e-3, 1e-4),
    "tf32": (1e-1, 1e-2),
    "mixed_bfloat16": (5e-1, 5e-2),
}
