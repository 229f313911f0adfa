"""What authored Python may import, and the names of what it must not call.

The lists cover what data.py, train.py and convert.py need for working on what they are given.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


PACKAGES = _words("keras numpy pandas scipy sklearn tensorflow")

IMAGES = _words("PIL")
"""For data.py only."""

STANDARD_LIBRARY = _words("""
    __future__ abc array bisect collections contextlib copy csv dataclasses datetime decimal enum
    fractions functools heapq io itertools json math numbers pathlib random re statistics string
    struct textwrap typing warnings wave
""")
"""What computes or parses. Left out is all that reaches processes, network, the insides of other
modules (`inspect`, `operator`, `importlib`), or files by itself (`os`, `shutil`, `tempfile`)."""

BUILTINS = _words("""
    __import__ breakpoint compile delattr dir eval exec getattr globals input locals open setattr
    vars
""")

INSIDES = _words("""
    LowLevelCallable builtins ctypes ctypeslib f2py importlib load_file_system_library load_library
    load_op_library os posix raw_ops socket subprocess sys sysconfig
""")
"""Attributes that lead from an allowed package to what is not allowed."""

DUNDERS = _words("__init__ __name__ __len__ __doc__ __version__")
"""The only names of this kind that may be read."""

READ = _words("""
    audio_dataset_from_directory from_saved_model fromfile genfromtxt get_file
    image_dataset_from_directory imread iterdir load load_img load_model load_weights loadmat
    loadtxt memmap open open_memmap read_bytes read_clipboard read_csv read_excel read_feather
    read_file read_fwf read_hdf read_html read_json read_orc read_parquet read_sas read_spss
    read_sql read_stata read_table read_text read_xml rglob text_dataset_from_directory
""")

READ_METHODS = _words("iterdir read_bytes read_text rglob")
"""Those of a path, whose arguments are no places."""

WRITE = _words("""
    BackupAndRestore CSVLogger ModelCheckpoint TensorBoard chmod export hardlink_to mkdir rmdir save
    save_img save_model save_weights savemat savetxt savez savez_compressed symlink_to to_csv
    to_excel to_feather to_file to_hdf to_orc to_parquet to_pickle to_sql to_stata to_xml tofile
    touch unlink write_bytes write_text
""")

OTHER_DATA = _words("""
    datasets fetch_california_housing fetch_openml get_file gfile load_breast_cancer load_digits
    load_iris load_wine urlopen
""")

PICKLES = _words("read_pickle unpickle")

PLACES = _words("cwd expanduser home")
"""Methods of a path that depend on the machine."""
