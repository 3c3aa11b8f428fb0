"""How the line net's weights were made: synthetic lines, the net in jax, its tuning. Never imported at run time."""
