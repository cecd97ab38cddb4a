"""The texts of the project in other languages. For ``manage.py translations`` and tests: needs babel."""
