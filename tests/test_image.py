"""A job's picture: fitted to each network, without what a camera adds, its faults told."""

import io
from pathlib import Path

import PIL.Image
import pytest

from connectors import TABLE
from rolecast.image import ImageProblem, Media, fitted, load
from tests.house import drop, open_project, spec
from tests.networks import of

MEDIA = Media(100_000, 800, 50)
WITH_MEDIA = [name for name, one in TABLE.items() if one.media]


def picture(path: Path, size=(640, 400), **how) -> Path:
    image = PIL.Image.effect_noise(size, 80).convert("RGB")
    image.save(path, **how)
    return path


@pytest.fixture
def specs(tmp_path):
    folder = tmp_path / "jobspecs"
    folder.mkdir()
    return folder


def test_a_fitting_picture_is_sent_as_it_is(specs):
    path = picture(specs / "crane.png", (100, 80))
    assert load(specs, "crane.png", "A crane", MEDIA).read() == path.read_bytes()


def test_a_large_picture_is_made_smaller(specs):
    picture(specs / "crane.jpg", (3000, 2000), quality=95)
    image = load(specs, "crane.jpg", "A crane", MEDIA)
    raw = image.read()
    assert len(raw) <= MEDIA.max_bytes
    assert max(PIL.Image.open(io.BytesIO(raw)).size) <= MEDIA.max_side


def test_where_and_by_whom_a_photo_was_taken_is_left_out(specs):
    exif = PIL.Image.Exif()
    exif[0x013B] = "Ina Photographer"
    picture(specs / "crane.jpg", (100, 80), exif=exif)
    raw, _ = fitted(specs / "crane.jpg", MEDIA)
    assert not PIL.Image.open(io.BytesIO(raw)).getexif()
    assert b"Ina" not in raw


@pytest.mark.parametrize(
    ("file", "alt", "says"),
    [
        ("none.jpg", "A crane", "put it beside the job specs"),
        ("../secret.png", "A crane", "not in the folder"),
        ("text.png", "A crane", "cannot be read"),
        ("anim.gif", "A crane", "no JPEG, PNG or WebP"),
        ("good.png", "A crane" * 20, "shorten `alt`"),
    ],
)
def test_what_is_wrong_is_said(specs, file, alt, says):
    picture(specs.parent / "secret.png")
    picture(specs / "anim.gif")
    picture(specs / "good.png")
    (specs / "text.png").write_text("not a picture")
    with pytest.raises(ImageProblem, match=says):
        load(specs, file, alt, MEDIA)


def test_a_picture_that_changed_since_the_plan_is_not_sent(specs):
    picture(specs / "crane.png", (100, 80))
    image = load(specs, "crane.png", "A crane", MEDIA)
    picture(specs / "crane.png", (90, 80))
    with pytest.raises(ImageProblem, match="has changed"):
        image.read()


def standing(request, name):
    return of(name, request.getfixturevalue)


@pytest.fixture
def standin():
    made = []
    yield lambda server: made.append(server) or server
    for server in made:
        server.stop()


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.servers] * (n == "bluesky")) for n in WITH_MEDIA]
)
def test_every_network_that_shows_pictures_gets_it_with_its_description(request, name, tmp_path):
    from tests.house import publish

    network = standing(request, name)
    root = network.make(tmp_path)
    picture(root / "jobspecs" / "crane.jpg", (600, 400))
    words = "A crane lifts a hull out of the water"
    drop(root, "pilot", spec(image={"file": "crane.jpg", "alt": words}))
    (result,) = publish(root, network.env)
    assert result.ok, result.reason
    calls = [one.request for one in network.server.calls] if network.server else []
    bodies = b"".join(one.body for one in [*network.front.requests, *calls])
    assert words.encode() in bodies
    assert len(bodies) > 20_000  # the picture itself
    assert network.broken() == []
    # Another picture under the same name is another post.
    picture(root / "jobspecs" / "crane.jpg", (500, 400))
    project = open_project(root, network.env)
    assert [str(c.action) for c in project.plan(wait=0).plan.changes] in (["edit"], ["hold"])
    project.ledger.close()


def test_a_missing_picture_holds_the_post_and_says_so(tmp_path):
    from tests.house import make

    root = make(tmp_path, '[channels.net]\nconnector = "x"\nhandle = "a"\n')
    drop(root, "pilot", spec(image={"file": "crane.jpg", "alt": "A crane"}))
    project = open_project(root)
    (blocked,) = project.plan(wait=0).plan.blocked
    assert "put it beside the job specs" in blocked.reason
    project.ledger.close()
