"""How the line net's weights were made: synthetic lines, the net in jax, its tuning. Nothing at run time imports this room."""
