"""Shows the results of ``model``; the only package that imports Streamlit."""
