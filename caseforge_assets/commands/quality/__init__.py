"""How good contents are: measured, read, and asked for again where they score too little. What good means is said by the stages."""
