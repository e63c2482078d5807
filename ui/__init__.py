"""Shows what ``model`` found; the only package that imports Streamlit."""
