"""The lockfile: sorted, stable, written as a whole, and read back or refused line by line."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_chaosreg.errors import ChaosregError
from pulumi_chaosreg.images.lockfile import FILE_NAME, read_lockfile, write_lockfile
from tests.support.examples import examples

A, B = ("sha256:" + letter * 64 for letter in "ab")


@pytest.fixture
def lockfile(tmp_path):
    return tmp_path / FILE_NAME


def test_a_lockfile_that_is_not_there_is_empty(lockfile):
    assert read_lockfile(lockfile) == {}


def test_a_line_per_source_sorted_below_a_word_of_explanation(lockfile):
    assert write_lockfile(lockfile, {"docker.io/harness/b:1": B, "docker.io/harness/a:1": A}) is True
    assert lockfile.read_text().splitlines() == [
        "# Written by `chaosreg lock`. Commit it: previews and `up` read the digests from here.",
        f"docker.io/harness/a:1: {A}",
        f"docker.io/harness/b:1: {B}",
    ]
    assert lockfile.read_text().endswith("\n")


def test_a_merge_that_git_could_not_finish_is_one_mistake(lockfile):
    ours, theirs = f"docker.io/harness/a:1: {A}\n", f"docker.io/harness/a:1: {B}\n"
    lockfile.write_text(f"# Written\n<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> theirs\n")
    with pytest.raises(ChaosregError) as raised:
        read_lockfile(lockfile)
    (finding,) = raised.value.findings
    assert (finding.code, finding.place.line) == ("CHR0303", 2)
    assert "merge conflict markers" in finding.message


letters = st.text("abz019._-", max_size=5)
sources = st.builds(
    "{}/{}:v{}".format,
    st.sampled_from(["docker.io", "h.example:5000", "localhost"]),
    st.sampled_from(["x", "a/b"]),
    letters,
)
digests = st.sampled_from([A, B, "sha512:" + "0" * 128])


@examples(30)
@given(locked=st.dictionaries(sources, digests, max_size=6))
def test_what_was_written_is_read_back(tmp_path_factory, locked):
    path = tmp_path_factory.getbasetemp() / FILE_NAME
    write_lockfile(path, locked)
    assert read_lockfile(path) == locked
    assert list(read_lockfile(path)) == sorted(locked)


def test_the_same_content_leaves_the_file_alone_whatever_its_order(lockfile):
    write_lockfile(lockfile, {"x.io/b:1": B, "x.io/a:1": A})
    before = lockfile.stat()
    assert write_lockfile(lockfile, {"x.io/a:1": A, "x.io/b:1": B}) is False
    after = lockfile.stat()
    assert (before.st_mtime_ns, before.st_ino) == (after.st_mtime_ns, after.st_ino)


def test_a_reader_never_sees_half_a_lockfile(lockfile, tmp_path):
    # given: somebody has the old file open (here: by a second name)
    write_lockfile(lockfile, {"x.io/a:1": A})
    old = lockfile.read_text()
    os.link(lockfile, tmp_path / "reader")
    # when
    write_lockfile(lockfile, {"x.io/a:1": B})
    # then: the old file was put aside as a whole, and not overwritten
    assert (tmp_path / "reader").read_text() == old
    assert read_lockfile(lockfile) == {"x.io/a:1": B}
    assert sorted(path.name for path in tmp_path.iterdir()) == [FILE_NAME, "reader"]


def test_a_write_that_fails_leaves_the_old_lockfile(lockfile, monkeypatch):
    write_lockfile(lockfile, {"x.io/a:1": A})

    def full(self, *_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(lockfile), "write_text", full)
    with pytest.raises(OSError, match="No space"):
        write_lockfile(lockfile, {"x.io/a:1": B})
    assert read_lockfile(lockfile) == {"x.io/a:1": A}


def test_comments_and_empty_lines_are_passed_over(lockfile):
    lockfile.write_text(f"# by hand\n\nx.io/a:1: {A}\n   \n")
    assert read_lockfile(lockfile) == {"x.io/a:1": A}


def test_line_ends_of_another_system_are_read(lockfile):
    lockfile.write_bytes(f"x.io/a:1: {A}\r\nx.io/b:1: {B}\r\n".encode())
    assert read_lockfile(lockfile) == {"x.io/a:1": A, "x.io/b:1": B}


@pytest.mark.parametrize(
    "line",
    [
        f"x.io/a:1:{A}",
        f"x.io/a:1  {A}",
        f"x.io/a:1: {A} # comment",
        f" x.io/a:1: {A}",
        "x.io/a:1: sha256:short",
        "x.io/a:1: md5:" + "0" * 32,
        "x.io/a:1:",
        "=======",
        f"x.io/first:1: {B}",  # again
    ],
)
def test_a_line_of_another_form_is_told_with_its_number(lockfile, line):
    lockfile.write_text(f"x.io/first:1: {A}\n{line}\nx.io/z:1: {A}\n")
    with pytest.raises(ChaosregError) as caught:
        read_lockfile(lockfile)
    (finding,) = caught.value.findings
    assert (finding.code, finding.place.line, finding.excerpt) == ("CHR0303", 2, "")  # it may be any file


def test_all_malformed_lines_are_told_together(lockfile):
    lockfile.write_text("one\ntwo\n")
    with pytest.raises(ChaosregError) as caught:
        read_lockfile(lockfile)
    assert [finding.place.line for finding in caught.value.findings] == [1, 2]
