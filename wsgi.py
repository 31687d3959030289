"""What a WSGI server runs, and what ``flask --app wsgi`` commands work on."""

from __future__ import annotations

import gc
import sys

from app.engine.problems import DefinitionError
from app.factory import create_app
from app.foundation.errors import AppError
from config import BadSetting, Settings

try:
    app = create_app(Settings.from_env())
except (BadSetting, DefinitionError) as error:
    sys.exit(str(error))
except AppError as error:
    sys.exit(f"{error.text.zh}\n{error.text.en}")

# What was made at the start stays to the end: without this the collector looks through all of it again and again.
gc.collect()
gc.freeze()
