"""Batch: many photos at once, as a table with the riskiest first."""

from ui import navigation
from ui.batch import page

navigation.inside_frame()
page.show()
