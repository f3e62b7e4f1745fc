"""``python -m prisml``."""

from prisml.cli.main import main

if __name__ == "__main__":
    main()
