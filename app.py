"""Lesionscope: the frame around every page. Start it with ``streamlit run app.py``."""

from ui import frame, navigation, uploads

uploads.keep_in_memory()
page = navigation.router()
frame.configure(page.title)
frame.show()
page.run()
