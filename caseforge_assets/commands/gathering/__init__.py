"""Contents as they are handed on: chosen, read whole, put in order. What files are made of them is `exporting`. Nothing is written."""
