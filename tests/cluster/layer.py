"""A layer of an image: a tar with owners and folders as an image wants them."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path


class Layer:
    """One layer, in memory until `data` is asked for."""

    def __init__(self) -> None:
        self._buffer = io.BytesIO()
        self._tar = tarfile.open(fileobj=self._buffer, mode="w")  # noqa: SIM115  # closed in `data`
        self._made: set[str] = set()

    def data(self) -> bytes:
        """The whole tar; nothing can be added after."""
        self._tar.close()
        return self._buffer.getvalue()

    def folder(self, name: str, mode: int = 0o755) -> None:
        """Add a folder, with those above it."""
        parent = name.rpartition("/")[0]
        if parent:
            self.folder(parent)
        if name and name not in self._made:
            info = tarfile.TarInfo(name)
            info.type, info.mode = tarfile.DIRTYPE, mode
            self._put(info)

    def text(self, name: str, content: str) -> None:
        """Add a file with this content."""
        self.folder(name.rpartition("/")[0])
        info = tarfile.TarInfo(name)
        info.size = len(content.encode())
        self._put(info, io.BytesIO(content.encode()))

    def file(self, name: str, source: Path) -> None:
        """Add a file, or a link, of this machine."""
        self.folder(name.rpartition("/")[0])
        info = self._tar.gettarinfo(str(source), name)
        if info.islnk():  # a hard link to a file that was added under another name
            info.type, info.size = tarfile.REGTYPE, source.stat().st_size
        if info.isreg():
            with source.open("rb") as content:
                self._put(info, content)
        else:
            self._put(info)

    def link(self, name: str, target: str) -> None:
        """Add a symbolic link."""
        self.folder(name.rpartition("/")[0])
        info = tarfile.TarInfo(name)
        info.type, info.linkname = tarfile.SYMTYPE, target
        self._put(info)

    def root(self, folder: Path) -> None:
        """Add all that is below a folder, with its modes and links, as root's."""
        for path in sorted(folder.rglob("*")):
            info = self._tar.gettarinfo(str(path), str(path.relative_to(folder)))
            if info.islnk():  # a hard link to a file that was added under another name
                info.type, info.size = tarfile.REGTYPE, path.stat().st_size
            if info.isreg():
                with path.open("rb") as content:
                    self._put(info, content)
            else:
                self._put(info)

    def _put(self, info: tarfile.TarInfo, content: io.IOBase | None = None) -> None:
        info.uid = info.gid = 0
        info.uname = info.gname = ""
        self._made.add(info.name)
        self._tar.addfile(info, content)
