"""Measures contents, reads their quality, and plans to ask again where they score too little. What good means is said by the stages."""
