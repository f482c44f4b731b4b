"""The lowest layer, the same for every image: Python, and what it needs of an operating system."""

from __future__ import annotations

import shutil
import ssl
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path

from shipping.errors import LibraryMissing
from shipping.image.deployables import USER, VERSION, library_folder
from shipping.image.inventory import write_inventory
from shipping.image.libraries import FOR_PACKAGES, needed_by, shared_objects
from shipping.image.trimming import compile_all, settle, strip

_LEFT_OUT = (
    *("__pycache__", "config-*", "ensurepip", "idlelib", "lib2to3", "pydoc_data"),
    *("site-packages", "test", "tests", "tkinter", "turtle.py", "turtledemo"),
    *("_curses*.so", "_dbm*.so", "_gdbm*.so", "nis.*.so", "ossaudiodev*.so", "readline*.so"),
    *("_test*.so", "_tkinter*.so", "_xxtestfuzz*.so", "xxlimited*.so", "*.a", "*.exe"),
)
_AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")


def fill_python(root: Path) -> None:
    """Fill `root` with the Python that runs this.

    Raises:
        LibraryMissing: a library is not on this machine.
        StepFailed: the standard library cannot be compiled.
    """
    prefix = Path(sys.base_prefix)
    stdlib = Path(sysconfig.get_path("stdlib", vars={"installed_base": str(prefix)}))
    target = root / "usr/local/lib" / VERSION
    shutil.copytree(stdlib, target, symlinks=True, ignore=shutil.ignore_patterns(*_LEFT_OUT))
    binary = root / "usr/local/bin" / VERSION
    binary.parent.mkdir(parents=True)
    shutil.copy2((prefix / "bin" / VERSION).resolve(), binary)
    for name in ("python", "python3"):
        binary.with_name(name).symlink_to(VERSION)
    copied = _copy_libraries(root, [binary, *shared_objects(target)])
    copied += _write_system_files(root)
    write_inventory(root, copied)
    strip([binary, *shared_objects(root)])
    compile_all(root, target)
    settle(root)


def _copy_libraries(root: Path, files: Iterable[Path]) -> list[Path]:
    """Copy what files are linked to. Returns where it was."""
    for folder in ("lib", "lib64"):  # as a Debian of today: the loader is named by /lib64
        (root / "usr" / folder).mkdir(parents=True, exist_ok=True)
        (root / folder).symlink_to(f"usr/{folder}")
    found, missing = needed_by(files)
    own = root / library_folder()
    own.mkdir(parents=True, exist_ok=True)
    system = next(path.parent for path in found if path.name == "libc.so.6")
    found |= {system / name for name in FOR_PACKAGES}
    missing |= {str(path) for path in found if not path.is_file()}
    if missing:
        raise LibraryMissing(f"Python needs {', '.join(sorted(missing))}, not found here")
    for path in sorted(found):
        place = own / path.name
        if path.name.startswith("ld-"):  # the loader's place is written into every program
            place = root / "usr" / path.relative_to("/").as_posix().removeprefix("usr/")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path.resolve(), place)
    return sorted(found)


def _write_system_files(root: Path) -> list[Path]:
    """Users, the search for names, authorities for TLS, and a /tmp. Returns what was copied."""
    texts = {
        "etc/passwd": (
            f"root:x:0:0:root:/:/sbin/nologin\nnonroot:x:{USER}:{USER}:nonroot:/tmp:/sbin/nologin\n"
        ),
        "etc/group": f"root:x:0:\nnonroot:x:{USER}:\n",
        "etc/nsswitch.conf": "hosts: files dns\n",
    }
    for name, text in texts.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    configured = Path(ssl.get_default_verify_paths().openssl_cafile)
    copied = [_AUTHORITIES, Path("/etc/ssl/openssl.cnf"), Path("/etc/os-release")]
    for path in copied:
        if path.is_file():
            place = root / path.relative_to("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path.resolve(), place)
    if not (root / _AUTHORITIES.relative_to("/")).is_file():
        raise LibraryMissing(f"{_AUTHORITIES} is not here: install ca-certificates")
    for name, file in ((configured.name, _AUTHORITIES), ("openssl.cnf", copied[1])):
        link = root / configured.parent.relative_to("/") / name
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.exists():
            link.symlink_to(file)
    (root / "tmp").mkdir()
    (root / "tmp").chmod(0o1777)
    return copied
