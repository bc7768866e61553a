"""Addresses of a course's own files, in every form; those of others; links into a course."""

import pytest

from import_from_modulestore.olx.files.addresses import (
    CourseName,
    ForeignFile,
    OwnAddresses,
    course_links,
    foreign_files,
)

OWN = "asset-v1:Acme+C1+R1+type@asset+block"
ENCODED = "asset-v1%3AAcme%2BC1%2BR1%2Btype%40asset%2Bblock%40"
CDN = "/assets/courseware/v1/0123456789abcdef0123456789abcdef"


def rewrite(text: str, *keys: str) -> str:
    return OwnAddresses(*map(CourseName.of_key, keys or ("course-v1:Acme+C1+R1",))).rewrite(text)


@pytest.mark.parametrize(
    "address",
    [
        f"/{OWN}@a b(1).png",
        f"/{OWN}/a b(1).png",
        f"{OWN}@a b(1).png",
        f"https://studio.example.org/{OWN}@a b(1).png",
        f"http://localhost:8001/{OWN}@a b(1).png",
        f"//studio.example.org/{OWN}@a b(1).png",
        f"/{ENCODED}a b(1).png",
        f"{ENCODED.lower().replace('acme', 'Acme').replace('c1', 'C1').replace('r1', 'R1')}a b(1).png",
        f"https://cdn.example.com{CDN}/{OWN}@a b(1).png",
        f"//cdn.example.com{CDN}/{OWN}/a b(1).png",
        f"{CDN}/{OWN}@a b(1).png",
        f"{CDN.replace('/v1', '')}/{OWN}@a b(1).png",
        f"{CDN}/c4x/Acme/C1/asset/a b(1).png",
        "/c4x/Acme/C1/asset/a b(1).png",
        "c4x/Acme/C1/asset/a b(1).png",
        "https://studio.example.org/c4x/Acme/C1/asset/a b(1).png",
        f"/{OWN.replace('+type', '+branch@draft-branch+type')}@a b(1).png",
    ],
)
@pytest.mark.parametrize("around", ['<img src="{}">', "{}", "url({})", "{{&quot;img&quot;: &quot;{}&quot;}}"])
def test_of_the_course_itself_become_static(address, around):
    assert rewrite(around.format(address)) == around.format("/static/a b(1).png")


def test_in_json_slashes_may_be_escaped():
    address = f"https://cdn.example.com{CDN}/{OWN}@a.png".replace("/", "\\/")
    assert rewrite(f'{{"url": "{address}"}}') == '{"url": "/static/a.png"}'


def test_in_a_source_set():
    sources = f"https://cdn.example.com{CDN}/{OWN}@a.png 1x, {CDN}/{OWN}@b.png 2x,/{OWN}@c.png 3x"
    assert rewrite(sources) == "/static/a.png 1x, /static/b.png 2x,/static/c.png 3x"


@pytest.mark.parametrize(
    "address",
    [
        "/asset-v1:Acme+C1+R2+type@asset+block@a.png",
        "/asset-v1:Acme+C1+R11+type@asset+block@a.png",
        "/asset-v1:AcmexC1xR1+type@asset+block@a.png",
        "https://example.org/asset-v1:Other+C1+R1+type@asset+block@a.png",
        "/asset-v1:Acme+C1+R1+type@thumbnail+block@a.png",
        "/c4x/Acme/C2/asset/a.png",
        "/c4x/Acme/C1/thumbnail/a.png",
        f"https://example.org/mirror/{OWN}@a.png",
        f"https://example.org/mirror\\/{OWN}@a.png",
        f"https://cdn.example.com/assets/courseware/v1/not-a-hash/{OWN}@a.png",
    ],
)
def test_of_others_stay(address):
    assert rewrite(f'<img src="{address}">') == f'<img src="{address}">'


def test_of_earlier_runs_that_the_course_took_over_are_its_own():
    keys = ("course-v1:Acme+C1+course", "asset-v1:Acme+C1+2020_T1+type@asset+block@x.png", "/c4x/Old/C0/asset/x.png")
    text = "/asset-v1:Acme+C1+2020_T1+type@asset+block@a /c4x/Old/C0/asset/b /c4x/Acme/C1/asset/c"
    assert rewrite(text, *keys) == "/static/a /static/b /static/c"
    assert rewrite(text, keys[0]) == text.replace("/c4x/Acme/C1/asset/", "/static/")


def test_special_characters_of_the_key_mean_themselves():
    text = "/asset-v1:A.c+C-1+R_1~+type@asset+block@a.png /asset-v1:Axc+C-1+R_1~+type@asset+block@a.png"
    assert rewrite(text, "course-v1:A.c+C-1+R_1~").startswith("/static/a.png /asset-v1:Axc")


def test_of_a_library_stay():
    assert rewrite(f"/{OWN}@a", "library-v1:Acme+L1") == f"/{OWN}@a"


@pytest.mark.parametrize("piece", ["https://a", "/asset-v1:", "asset-v1:a+b+c+", "/assets/courseware/v1/", "c4x/a/b/"])
def test_time_grows_with_the_text(piece):
    assert rewrite(piece * 20_000) == piece * 20_000


def test_files_of_other_courses_are_told():
    texts = [
        "https://cdn.example.com/asset-v1:Other+X+2+type@asset+block@a%20b.png?x=1",
        "/c4x/Other/X/asset/c.png",
        "/c4x/Other/X/asset/c.png",
        "/static/d.png",
    ]
    assert foreign_files(texts) == [
        ForeignFile(texts[0].partition("?")[0], CourseName("Other", "X", "2"), "a b.png"),
        ForeignFile(texts[1], CourseName("Other", "X"), "c.png"),
    ]


@pytest.mark.parametrize(
    ("address", "block_id"),
    [
        ("/jump_to_id/vt", "vt"),
        ("/jump_to_id/vt#more", "vt"),
        ("/courses/course-v1:Acme+C1+R1/jump_to/block-v1:Acme+C1+R1+type@vertical+block@vt", "vt"),
        ("https://lms.example.org/courses/course-v1:Acme+C1+R1/jump_to_id/vt", "vt"),
        ("/courses/Acme/C1/R1/jump_to/i4x://Acme/C1/vertical/vt", "vt"),
        ("/course/courseware/s/b/", ""),
        ("/courses/course-v1:Acme+C1+R1/wiki", ""),
    ],
)
def test_links_into_a_course_are_told(address, block_id):
    [link] = course_links([address])
    assert (link.address, link.block_id) == (address, block_id)


@pytest.mark.parametrize(
    "address", ["/jump_to_id/", "/coursework/x", "https://example.org/course/x", "/courses", "#top"]
)
def test_other_links_are_not(address):
    assert course_links([address]) == []
