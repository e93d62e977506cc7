"""Builds what is written in C++. Without a compiler Hornbill is installed without it."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path(__file__).parent / "src" / "hornbill" / "native"


class NativeBuildHook(BuildHookInterface):
    """Compiles the bridge to oneDNN, which is for Linux on x86-64."""

    def initialize(self, version: str, build_data: dict) -> None:
        compiler = os.environ.get("CXX") or shutil.which("c++")
        if sysconfig.get_platform() != "linux-x86_64" or not compiler:
            return
        target = FOLDER / "onednn.so"
        # Without errno a loop may take several roots at once.
        flags = ["-O3", "-fno-math-errno", "-std=c++17", "-fPIC", "-shared"]
        flags += ["-static-libstdc++", "-static-libgcc"]
        files = [*sorted(FOLDER.glob("*.cc")), "-o", target, "-ldl"]
        if subprocess.run([*compiler.split(), *flags, *files]).returncode:
            self.app.display_warning("The bridge to oneDNN was not built: see the messages above.")
            target.unlink(missing_ok=True)
            return
        build_data["artifacts"].append("src/hornbill/native/onednn.so")
        build_data["tag"] = "py3-none-linux_x86_64"
        build_data["pure_python"] = False
