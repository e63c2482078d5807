"""Scoring spread over machines; needs packages of its own, see requirements.txt in this folder."""
