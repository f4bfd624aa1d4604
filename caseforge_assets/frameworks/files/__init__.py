"""Files of any kind become sheets or parts, within bounds. What the cells mean is decided elsewhere."""
