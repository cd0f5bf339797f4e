"""``python -m hippo_theory``: the command line."""

from .cli import main

raise SystemExit(main())
