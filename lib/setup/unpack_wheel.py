"""python3 unpack_wheel.py WHEEL FOLDER MEMBER...: unpacks the named files, and folders (MEMBER/), of a wheel.

A library in it is larger than what should be held in memory, so it is copied in pieces. CUDA's headers are left out.
"""
import os
import shutil
import sys
import zipfile

wheel, folder, *members = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for info in archive.infolist():
        name = info.filename
        parts = name.split("/")
        wanted = name in members or any(m.endswith("/") and name.startswith(m) and "include" not in parts for m in members)
        if not wanted or info.is_dir():
            continue
        if ".." in parts:
            sys.exit(f"{wheel} has a member outside its folder: {name}")
        target = os.path.join(folder, *parts)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with archive.open(info) as source, open(target, "wb") as copy:
            shutil.copyfileobj(source, copy, 1 << 20)
        if info.external_attr >> 16 & 0o111:
            os.chmod(target, 0o755)
