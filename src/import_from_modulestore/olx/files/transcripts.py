"""
Transcripts of videos, and how the ones that only a course plays become ones that a library plays.

A course plays what the ``transcripts`` field names, and for English whatever ``subs_<id>.srt.sjson`` there is for the
``sub`` of the video, its YouTube ID or the name of its file (platform: ``get_transcript_from_contentstore`` in
``xmodule/video_block/transcripts_utils.py``). A library plays what the ``transcripts`` field names, and only files that
end in ``.srt`` (``get_transcript_from_learning_core``, there).

Writing SubRip takes a line a cue, so it is done here: *pysrt*, which the platform parses it with, has had no release
since 2020, and writes a cue with an empty line in it so that it does not read the rest again.
"""

from __future__ import annotations

import json
from typing import Any

from lxml import etree

SRT = ".srt"
SJSON = ".sjson"

_STATIC = "/static/"


def transcript_files(video: etree._Element) -> dict[str, str]:
    """
    The files that the ``transcripts`` of a video name, by language.

    From the attribute, or where it has none, from child elements (platform: ``VideoBlock.parse_video_xml``).
    """
    files: dict[Any, Any] = {child.get("language"): child.get("src") for child in video.iter("transcript")}
    if isinstance(given := _json(video.get("transcripts")), dict):
        files = given
    named = {language: name.removeprefix(_STATIC).strip() for language, name in files.items() if isinstance(name, str)}
    return {language: name for language, name in named.items() if language and name and "//" not in name}


def video_ids(video: etree._Element) -> list[str]:
    """The IDs by which a course looks for transcripts of a video, in its order: ``sub``, YouTube's, its files'."""
    youtube = video.get("youtube_id_1_0")
    if youtube is None:
        speeds = [part.split(":") for part in (video.get("youtube") or "").split(",")]
        youtube = next((part[1] for part in speeds if len(part) > 1 and part[0].strip() in ("1", "1.0", "1.00")), "")
    sources = [source.get("src") or "" for source in video.iter("source")]
    if isinstance(given := _json(video.get("html5_sources")), list):
        sources += [source for source in given if isinstance(source, str)]
    files = [source.rpartition("/")[2].rpartition(".")[0] for source in sources]
    found = [name.strip().strip('"') for name in (video.get("sub") or "", youtube, *files)]
    return list(dict.fromkeys(filter(None, found)))


def subs_file(video_id: str, language: str = "en") -> str:
    """
    The name under which Studio keeps the transcript of a video (platform: ``subs_filename``).

    >>> subs_file("talk"), subs_file("talk", "uk")
    ('subs_talk.srt.sjson', 'uk_subs_talk.srt.sjson')
    """
    return f"subs_{video_id}.srt.sjson" if language == "en" else f"{language}_subs_{video_id}.srt.sjson"


def srt_of(sjson: bytes) -> bytes | None:
    r"""
    A transcript in Studio's JSON as SubRip; ``None`` for what is none, or says nothing.

    The JSON has three lists of one length: ``start`` and ``end`` in milliseconds, and ``text`` (platform:
    ``generate_srt_from_sjson``).

    >>> srt_of(b'{"start": [0, 61500], "end": [1500, 3600000], "text": ["High", "Low"]}').decode().split("\n\n")[1]
    '2\n00:01:01,500 --> 01:00:00,000\nLow\n'
    """
    try:
        text = sjson.decode("utf-8-sig")
    except UnicodeDecodeError:  # As the platform does, in Transcript.convert.
        text = sjson.decode("latin-1")
    subs = _json(text)
    if not isinstance(subs, dict):
        return None
    starts, ends, texts = (subs.get(name) for name in ("start", "end", "text"))
    if not (isinstance(starts, list) and isinstance(ends, list) and isinstance(texts, list)):
        return None
    if not len(starts) == len(ends) == len(texts):
        return None
    cues: list[str] = []
    try:
        for start, end, said in zip(starts, ends, texts, strict=True):
            lines = [line.strip() for line in str(said or "").splitlines() if line.strip()]
            if lines:
                cues.append("\n".join((f"{len(cues) + 1}", f"{_time(start)} --> {_time(end)}", *lines, "")))
    except (TypeError, ValueError, OverflowError):
        return None
    return "\n".join(cues).encode("utf-8", errors="replace") or None


def set_transcripts(video: etree._Element, files: dict[str, str]) -> None:
    """Name these files as the video's transcripts, as Studio writes them."""
    video.set("transcripts", json.dumps(files, sort_keys=True))


def _time(milliseconds: Any) -> str:
    total = max(0, round(milliseconds))
    seconds, rest = divmod(total, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02},{rest:03}"


def _json(text: str | None) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
