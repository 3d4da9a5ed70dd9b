"""A DokuWiki (the real program)."""

from .base import Server


class DokuWiki(Server):
    """``user``/``password`` may write pages on the wiki at ``url``."""

    script = "dokuwiki"

    user = property(lambda self: self.facts["USER"])
    password = property(lambda self: self.facts["PASSWORD"])

    def pages(self, namespace: str) -> dict[str, str]:
        """Id → text of the pages in a namespace, as they lie on the disk."""
        folder = self.folder / "w" / "data" / "pages" / namespace
        return {f"{namespace}:{p.stem}": p.read_text("utf-8") for p in folder.glob("*.txt")}
