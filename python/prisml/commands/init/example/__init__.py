"""The application that `prisml init` brings into an empty folder, as it is written there."""
